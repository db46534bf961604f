// Bodies as they were meant: decompressed, as a text, and never more than may be held.
import type { Readable } from 'node:stream'
import { createBrotliDecompress, createGunzip } from 'node:zlib'
import type { Clock } from '@proxyless/core/spi'
import { Refusal } from './refusal.ts'

export const maxBodyBytes: number = 64 * 1024 * 1024

/** The body without its content coding. An error of either stream is one of the result. @throws Refusal for an unknown one */
export function decoded(body: Readable, coding: string | undefined): Readable {
  const name = coding?.trim().toLowerCase() ?? ''
  if (name === '' || name === 'identity') return body
  const inflate = inflaterOf(name)
  if (inflate === undefined) {
    body.destroy()
    throw new Refusal('FEED_REFUSED', `the answer is encoded as "${name}"; gzip and br were asked for`)
  }
  body.once('error', (error) => inflate.destroy(error))
  inflate.once('close', () => body.destroy())
  return body.pipe(inflate)
}

/** @throws Refusal when it is larger than 64 MiB, or not there in time */
export async function textOf(body: Readable, clock: Clock, timeoutMs: number): Promise<string> {
  const timer = clock.setTimer(
    timeoutMs,
    () => void body.destroy(new Error(`the answer was not complete within ${timeoutMs / 1000} s`)),
    true,
  )
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > maxBodyBytes) throw new Refusal('FEED_REFUSED', 'the answer is larger than 64 MiB')
      chunks.push(chunk)
    }
  } finally {
    clock.clearTimer(timer)
    body.destroy()
  }
  return Buffer.concat(chunks).toString('utf8')
}

function inflaterOf(coding: string): ReturnType<typeof createGunzip | typeof createBrotliDecompress> | undefined {
  if (coding === 'gzip' || coding === 'x-gzip') return createGunzip()
  return coding === 'br' ? createBrotliDecompress() : undefined
}
