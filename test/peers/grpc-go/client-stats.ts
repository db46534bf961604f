// Who answers an xclient: `grpc.testing.LoadBalancerStatsService/GetClientStats` on its stats port.
// Its two messages are read and written by hand; nothing else of them is needed.
import { Client, credentials } from '@grpc/grpc-js'

export interface ClientStats {
  /** Answers by the hostname of the server. */
  readonly byPeer: Readonly<Record<string, number>>
  readonly failures: number
}

const method = '/grpc.testing.LoadBalancerStatsService/GetClientStats'

/** Of the next calls that start, once all of them have ended. */
export async function nextCalls(statsPort: number, count: number, timeoutSeconds = 20): Promise<ClientStats> {
  const client = new Client(`127.0.0.1:${statsPort}`, credentials.createInsecure())
  const request = Buffer.from([0x08, count, 0x10, timeoutSeconds])
  try {
    return await new Promise<ClientStats>((resolve, reject) => {
      const options = { deadline: Date.now() + (timeoutSeconds + 10) * 1000 }
      const done = (error: Error | null, stats?: ClientStats): void =>
        stats ? resolve(stats) : reject(error ?? new Error('no answer'))
      client.makeUnaryRequest(method, (bytes: Buffer) => bytes, statsOf, request, options, done)
    })
  } finally {
    client.close()
  }
}

/** 1: map of peers to counts, 2: failures; the rest is left alone. */
function statsOf(bytes: Buffer): ClientStats {
  const byPeer: Record<string, number> = {}
  let failures = 0
  for (const [field, value] of fieldsOf(bytes)) {
    if (field === 2) failures = Number(value)
    if (field !== 1) continue
    const entry = new Map(fieldsOf(value as Buffer))
    byPeer[String(entry.get(1))] = Number(entry.get(2) ?? 0)
  }
  return { byPeer, failures }
}

/** Numbers and what has a length: the only kinds there are here. */
function* fieldsOf(bytes: Buffer): Generator<[field: number, value: number | Buffer]> {
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++] ?? 0
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
  }
  while (at < bytes.length) {
    const tag = varint()
    if ((tag & 7) === 0) yield [tag >> 3, varint()]
    else {
      const length = varint()
      yield [tag >> 3, bytes.subarray(at, at + length)]
      at += length
    }
  }
}
