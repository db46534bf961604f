// Makes x-request-id: shaped like a UUIDv4 and unique, but not a secret; five times cheaper than randomUUID.
// The first eight digits are uniform, because proxies sample by them.
import { randomBytes } from 'node:crypto'
import type { Random } from '@proxyless/core/spi'

const hex: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** Ids of one process: a random start, a counter, and a tail that is drawn anew when the counter is used up. */
export function requestIds(random: Random): () => string {
  let count = 0xffff
  let middle = ''
  let tail = ''
  return () => {
    if (count === 0xffff) tail = newTail()
    count = (count + 1) & 0xffff
    if ((count & 0xff) === 0) middle = `-${digits(count >>> 8)}`
    const start = random.uint32()
    return (
      digits(start >>> 24) + digits(start >>> 16) + digits(start >>> 8) + digits(start) + middle + digits(count) + tail
    )
  }
}

function digits(value: number): string {
  return hex[value & 0xff] ?? ''
}

/** `-4xxx-8xxx-xxxxxxxxxxxx`: 72 random bits besides version and variant. */
function newTail(): string {
  const text = randomBytes(9).toString('hex')
  return `-4${text.slice(0, 3)}-8${text.slice(3, 6)}-${text.slice(6, 18)}`
}
