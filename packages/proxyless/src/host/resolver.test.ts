import { describe, expect, test } from 'vitest'
import { processResolver } from './resolver.ts'
import type { Dns } from './resolver.ts'

describe('the resolver', () => {
  test('gives all addresses in the order of the operating system, each once', async () => {
    const resolver = processResolver(dns({ lookup: ['::1', '10.0.0.2', '10.0.0.1', '10.0.0.2'] }))
    expect(await resolver.resolve('a.example')).toEqual({ addresses: ['::1', '10.0.0.2', '10.0.0.1'], ttlMs: 60_000 })
  })

  test('takes the shortest lifetime when DNS knows all addresses', async () => {
    const resolver = processResolver(
      dns({
        lookup: ['10.0.0.1', 'fd00::1'],
        v4: [
          ['10.0.0.1', 30],
          ['10.0.0.9', 2],
        ],
        v6: [['fd00::1', 20]],
      }),
    )
    expect((await resolver.resolve('a.example')).ttlMs).toBe(20_000)
  })

  test('does not trust lifetimes when DNS answers with other addresses', async () => {
    const resolver = processResolver(dns({ lookup: ['10.0.0.1', '10.0.0.2'], v4: [['10.0.0.1', 5]] }))
    expect((await resolver.resolve('a.example')).ttlMs).toBe(60_000)
  })

  test('never asks more often than once a second', async () => {
    const resolver = processResolver(dns({ lookup: ['10.0.0.1'], v4: [['10.0.0.1', 0]] }))
    expect((await resolver.resolve('a.example')).ttlMs).toBe(1000)
  })

  test('rejects with the reason of the operating system', async () => {
    await expect(processResolver(dns({})).resolve('a.example')).rejects.toThrow('ENOTFOUND')
  })

  test('answers for an address without asking', async () => {
    expect(await processResolver(dns({})).resolve('127.0.0.1')).toEqual({ addresses: ['127.0.0.1'], ttlMs: 60_000 })
  })

  test('knows localhost', async () => {
    const { addresses, ttlMs } = await processResolver().resolve('localhost')
    expect(addresses.some((address) => address === '127.0.0.1' || address === '::1')).toBe(true)
    expect(ttlMs).toBeGreaterThanOrEqual(1000)
  })
})

type Records = readonly (readonly [string, number])[]

function dns({ lookup, v4, v6 }: { lookup?: readonly string[]; v4?: Records; v6?: Records }): Dns {
  const answer = async (records: Records | undefined): Promise<{ address: string; ttl: number }[]> => {
    if (records === undefined) throw new Error('ENODATA')
    return records.map(([address, ttl]) => ({ address, ttl }))
  }
  return {
    lookup: (hostname) =>
      lookup === undefined
        ? Promise.reject(new Error(`getaddrinfo ENOTFOUND ${hostname}`))
        : Promise.resolve(lookup.map((address) => ({ address }))),
    resolve4: () => answer(v4),
    resolve6: () => answer(v6),
  }
}
