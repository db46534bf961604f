// What gRPC's framework asserts of calls, again and again.
import type { status } from '@grpc/grpc-js'
import { expect } from 'vitest'
import { until } from '../../../kit/until.ts'
import type { ClientStats, InteropClient, Method } from './interop-client.ts'
import type { TestServer } from './test-server.ts'

/** Whatever a control plane, a health checker or a slow machine takes. */
export const patienceMs = 30_000

/** Sooner or later all of some calls go to these servers, to each of them, and none fails. */
export async function callsGoTo(
  client: InteropClient,
  servers: readonly TestServer[],
  count = 100,
): Promise<ClientStats> {
  const names = servers.map(({ name }) => name).toSorted()
  // few calls tell sooner that nothing has changed yet
  await until(async () => {
    const { byPeer, failures } = await client.next(Math.min(5, count))
    expect([failures, Object.keys(byPeer).filter((peer) => !names.includes(peer))]).toEqual([0, []])
  }, patienceMs)
  let seen: ClientStats | undefined
  await until(async () => {
    seen = await client.next(count)
    expect({ peers: Object.keys(seen.byPeer).toSorted(), failures: seen.failures }).toEqual({
      peers: names,
      failures: 0,
    })
  }, patienceMs)
  return seen!
}

/** Calls of a time: the share of this status among those that ended is this, within a tolerance. */
export async function expectShare(
  client: InteropClient,
  shares: readonly (readonly [Method, status, ratio: number])[],
  { seconds, tolerance }: { readonly seconds: number; readonly tolerance: number },
): Promise<void> {
  const methods = shares.map(([method]) => method)
  const read = () => Promise.all(methods.map((method) => client.accumulated(method)))
  const before = await read()
  await passed(seconds * 1000)
  const after = await read()
  for (const [index, [method, code, ratio]] of shares.entries()) {
    const [was, is] = [before[index]!.results, after[index]!.results]
    const codes = Object.keys(is).map(Number) as status[]
    const counts = Object.fromEntries(codes.map((each) => [each, (is[each] ?? 0) - (was[each] ?? 0)]))
    const total = Object.values(counts).reduce((sum, count) => sum + count, 0)
    expect(total, `${method}: calls that ended`).toBeGreaterThan(0)
    const share = (counts[code] ?? 0) / total
    expect(Math.abs(share - ratio), `${method}: ${JSON.stringify(counts)}`).toBeLessThanOrEqual(tolerance)
  }
}

/** Real time, which rates are measured by. */
function passed(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
