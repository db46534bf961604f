// Unary calls and long streams while endpoints die, say goodbye and are replaced: nothing hangs, is lost, doubled or left behind.
// `SOAK=full`, as in CI, is the size of the promise, 50,000 calls and 500 streams; without it a tenth.
import type { RetryPolicy } from '@proxyless/core/spi'
import { meshChannel } from '@proxyless/grpc'
import { expect, test } from 'vitest'
import { cluster, config, endpoint, forward, host, route } from '../kit/config.ts'
import { type GrpcBackend, startGrpc } from '../kit/grpc-backend.ts'
import { GrpcClient } from '../kit/grpc-calls.ts'
import { startMesh, type TestMesh } from '../kit/mesh.ts'
import { until } from '../kit/until.ts'

const share = process.env['SOAK'] === 'full' ? 1 : 0.1
const calls = 50_000 * share
const streams = 500 * share
const messages = 200
const servers = 3
/** Something happens to a server after so many calls. */
const every = 500

const retry: RetryPolicy = {
  numRetries: 6,
  retryOn: ['reset', 'connect-failure', 'refused-stream'],
  retriableStatusCodes: [],
  backoffBaseMs: 1,
  backoffMaxMs: 10,
  avoidPreviousHosts: true,
  retryOtherPriorities: false,
}

const start = (): Promise<GrpcBackend> =>
  startGrpc({
    unary: { '/t/Unary': (call, answer) => answer(null, call.request) },
    bidi: {
      '/t/Bidi': (call) => void call.on('data', (part: Buffer) => call.write(part)).on('end', () => call.end()),
    },
  })

const configOf = (fleet: readonly GrpcBackend[]): ReturnType<typeof config> =>
  config(
    [host(['ratings'], [route(forward('c', { retry }))])],
    [
      cluster(
        'c',
        fleet.map(({ authority }) => endpoint(authority)),
      ),
    ],
  )

test(`${calls} calls and ${streams} streams of ${messages} messages in disorder`, { timeout: 600_000 }, async () => {
  const fleet = await Promise.all(Array.from({ length: servers }, start))
  const mesh = await startMesh(configOf(fleet))
  const client = new GrpcClient('ratings', meshChannel(mesh))
  const disorder = new Disorder(mesh, fleet)
  const wrong: string[] = []
  let next = 0
  let cut = 0
  const caller = async (): Promise<void> => {
    for (let n = next++; n < calls; n = next++) {
      if (n % every === every - 1) await disorder.round(n / every)
      const { code, message, details, metadata } = await client.unary('/t/Unary', String(n))
      // its server was killed when the answer had begun: nothing can be sent again
      if (code !== 0 && metadata !== undefined && message === undefined) cut++
      else if (code !== 0 || message?.toString() !== String(n))
        wrong.push(`${n}: ${code} ${message?.toString()} ${details}`)
    }
  }
  const [rows] = await Promise.all([
    Promise.all(Array.from({ length: 25 }, () => inTurn(streams / 25, () => longStream(client)))),
    ...Array.from({ length: 20 }, caller),
  ])
  const ends = rows.flat()
  expect(wrong).toEqual([])
  expect(cut).toBeLessThan(calls / 200)
  expect(ends.filter(({ inOrder }) => !inOrder)).toEqual([])
  // a stream ends whole, or because its server was killed
  for (const { received, code } of ends)
    expect(code === 0 ? [received] : [1, 14]).toContain(code === 0 ? messages : code)
  expect(ends.some(({ code }) => code === 0)).toBe(true)
  expect(disorder.kinds).toEqual(new Set(['killed', 'drained', 'replaced']))
  const { limits } = mesh.status().clusters.find(({ name }) => name === 'c') ?? {}
  expect([limits?.requests.now, limits?.pending.now, limits?.retries.now]).toEqual([0, 0, 0])
  client.close()
  await mesh.close()
  for (const each of fleet) await each.close()
  await until(() => !process.getActiveResourcesInfo().includes('TCPSocketWrap'))
})

async function inTurn<T>(times: number, make: () => Promise<T>): Promise<T[]> {
  const made: T[] = []
  while (made.length < times) made.push(await make())
  return made
}

/** Kills a server, lets it say goodbye, or takes it out of the configuration; another takes its place. */
class Disorder {
  readonly kinds = new Set<string>()
  readonly #mesh: TestMesh
  readonly #fleet: GrpcBackend[]

  constructor(mesh: TestMesh, fleet: GrpcBackend[]) {
    this.#mesh = mesh
    this.#fleet = fleet
  }

  async round(n: number): Promise<void> {
    const place = Math.floor(n) % servers
    const old = this.#fleet[place]
    const kind = ['drained', 'replaced', 'killed'][Math.floor(n / servers) % 3] ?? ''
    this.kinds.add(kind)
    if (old === undefined) return
    if (kind === 'drained') {
      old.server.drain(old.authority, 600_000)
      return
    }
    const fresh = await start()
    this.#fleet[place] = fresh
    if (kind === 'killed') await old.close()
    await this.#mesh.apply(configOf(this.#fleet))
    if (kind === 'replaced') old.server.tryShutdown(() => undefined)
  }
}

interface End {
  readonly received: number
  readonly inOrder: boolean
  readonly code: number
}

/** Sends the next message when the one before has come back. */
function longStream(client: GrpcClient): Promise<End> {
  return new Promise((resolve) => {
    const stream = client.bidi('/t/Bidi')
    let received = 0
    let inOrder = true
    stream.on('data', (part: Buffer) => {
      inOrder &&= part.toString() === String(received)
      received++
      if (received === messages) stream.end()
      else stream.write(Buffer.from(String(received)))
    })
    stream.on('error', () => undefined)
    stream.on('status', ({ code }: { code: number }) => setImmediate(() => resolve({ received, inOrder, code })))
    stream.write(Buffer.from('0'))
  })
}
