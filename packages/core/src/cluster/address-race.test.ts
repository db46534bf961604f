import { expect, test } from 'vitest'
import { VirtualClock } from '../base/clock.ts'
import type { Endpoint } from '../model/cluster.ts'
import { addressesOf, AddressRace, type Opening } from './address-race.ts'

const at = (address: string): { address: string; port: number } => ({ address, port: 80 })
const endpointWith = (address: string, ...others: string[]): Endpoint => ({
  ...at(address),
  weight: 1,
  health: 'healthy',
  labels: {},
  locality: { region: '', zone: '', subzone: '' },
  priority: 0,
  ...(others.length === 0 ? {} : { additionalAddresses: others.map(at) }),
})
const order = (endpoint: Endpoint): string[] => addressesOf(endpoint).map(({ address }) => address)

test('A61 its own address comes first, then families by turns', () => {
  expect(order(endpointWith('1.1.1.1'))).toEqual(['1.1.1.1'])
  expect(order(endpointWith('1.1.1.1', '1.1.1.2', '::1', '::2', '::3'))).toEqual([
    '1.1.1.1',
    '::1',
    '1.1.1.2',
    '::2',
    '::3',
  ])
  expect(order(endpointWith('::1', '1.1.1.1', '::2'))).toEqual(['::1', '1.1.1.1', '::2'])
})

/** A race over these addresses; what has happened stands in `log`. */
function race(...addresses: string[]): {
  clock: VirtualClock
  log: string[]
  open: Map<string, Opening<string>>
  race: AddressRace<string>
} {
  const clock = new VirtualClock()
  const log: string[] = []
  const open = new Map<string, Opening<string>>()
  const running = new AddressRace<string>(
    addresses.map(at),
    clock,
    ({ address }, opening) => {
      log.push(`dial ${address} at ${clock.now()}`)
      open.set(address, opening)
      return () => log.push(`give up ${address}`)
    },
    {
      connected: (connection) => log.push(`won ${connection}`),
      failed: (cause) => log.push(`failed ${String(cause)}`),
    },
  )
  running.start()
  return { clock, log, open, race: running }
}

test('A61 one more address is tried every 250 ms; the first that answers wins, the others are given up', () => {
  const { clock, log, open } = race('a', 'b', 'c', 'd')
  clock.advance(600)
  open.get('b')?.connected('b')
  open.get('a')?.connected('a')
  clock.advance(10_000)
  expect(log).toEqual(['dial a at 0', 'dial b at 250', 'dial c at 500', 'give up a', 'give up c', 'won b'])
  expect(clock.pendingTimers).toBe(0)
})

test('A61 one that fails lets the next begin at once; the last failure is that of all', () => {
  const { clock, log, open } = race('a', 'b', 'c')
  clock.advance(100)
  open.get('a')?.failed('no a')
  clock.advance(249)
  expect(log).toEqual(['dial a at 0', 'dial b at 100'])
  open.get('b')?.failed('no b')
  clock.advance(10_000)
  open.get('c')?.failed('no c')
  expect(log).toEqual(['dial a at 0', 'dial b at 100', 'dial c at 349', 'failed no c'])
  expect(clock.pendingTimers).toBe(0)
})

test('a race that is abandoned gives up all, and hears of none', () => {
  const { clock, log, open, race: running } = race('a', 'b', 'c')
  clock.advance(250)
  running.abandon()
  open.get('a')?.connected('a')
  clock.advance(10_000)
  expect(log).toEqual(['dial a at 0', 'dial b at 250', 'give up a', 'give up b'])
})

test('one that answers while it is dialled wins as well', () => {
  const log: string[] = []
  const dial = ({ address }: { address: string }, opening: Opening<string>): (() => void) => {
    opening.connected(address)
    return () => log.push('given up')
  }
  const end = { connected: (connection: string) => log.push(connection), failed: () => log.push('failed') }
  const clock = new VirtualClock()
  new AddressRace([at('a'), at('b')], clock, dial, end).start()
  expect(log).toEqual(['a'])
  expect(clock.pendingTimers).toBe(0)
})
