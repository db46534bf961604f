// What a gRPC server says of the next attempt: when it may come, or that none shall (gRFC A6). It replaces the back-off.

export const pushbackHeader = 'grpc-retry-pushback-ms'

/** Milliseconds to wait; what is negative or no number asks for no retry at all. */
export function pushbackMs(value: string): number | 'never' {
  return /^\d+$/.test(value) ? Math.min(Number(value), 2 ** 31 - 1) : 'never'
}
