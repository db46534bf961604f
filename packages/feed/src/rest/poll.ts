// One poll: a conditional GET of `/v1/config`, which the server may hold until there is news.
import type { Clock } from '@proxyless/core/spi'
import type { Address } from './address.ts'
import { readBody } from './body.ts'
import type { FeedClient } from './client.ts'
import { textOf } from './decoded.ts'
import type { Holding } from './holding.ts'
import { Refusal } from './refusal.ts'
import { refusalOfStatus } from './status.ts'

export interface Poll {
  readonly client: FeedClient
  readonly clock: Clock
  readonly address: Address
  readonly before: Holding | undefined
  readonly signal: AbortSignal
}

const waitSeconds = 30
const headTimeoutMs = 10_000
const bodyTimeoutMs = 60_000

/** What the feed holds now, which may be what it held before; and whether it held the request for it. @throws Refusal */
export async function pollConfig(poll: Poll): Promise<{ holding: Holding; held: boolean }> {
  const { client, clock, address, before, signal } = poll
  const etag = before?.etag
  const conditional = etag === undefined ? {} : { 'if-none-match': etag, prefer: `wait=${waitSeconds}` }
  const headers = {
    accept: 'application/json, application/yaml;q=0.9, */*;q=0.1',
    'accept-encoding': 'gzip, br',
    ...conditional,
  }
  const timeoutMs = headTimeoutMs + (etag === undefined ? 0 : waitSeconds * 1000)
  const answer = await client.ask(address.config, { headers, timeoutMs, signal })
  const { status, header, body } = answer
  const held = /\bwait\b/.test(header('preference-applied') ?? '')
  if (status === 304 && before !== undefined && etag !== undefined) {
    body.resume()
    return { holding: before, held }
  }
  if (status !== 200) {
    body.destroy()
    if (status === 304) throw new Refusal('FEED_UNREACHABLE', 'the feed answers 304 to a request without If-None-Match')
    throw refusalOfStatus(answer, clock.wallNow())
  }
  const text = await textOf(body, clock, bodyTimeoutMs)
  const holding = readBody(address.name, { text, type: header('content-type') ?? '', etag: header('etag') })
  return { holding, held }
}
