// The two messages of grpc.health.v1.Health/Check, framed as gRPC has them: a name goes out, a status comes back.

const statuses = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] as const

/** `HealthCheckRequest { string service = 1 }`; the empty name stands for the whole server. */
export function healthRequest(serviceName: string): Buffer {
  const name = Buffer.from(serviceName)
  const message = name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a, ...varint(name.length)]), name])
  const head = Buffer.alloc(5)
  head.writeUInt32BE(message.length, 1)
  return Buffer.concat([head, message])
}

/** `HealthCheckResponse { ServingStatus status = 1 }` behind its frame's head. */
export function servingStatus(frame: Buffer): string {
  if (frame.length < 5 || frame[0] !== 0) return 'an answer that cannot be read'
  if (frame.length === 5) return statuses[0]
  return frame[5] === 0x08 ? (statuses[frame[6] ?? 0] ?? `status ${frame[6]}`) : 'an answer that cannot be read'
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)]
}
