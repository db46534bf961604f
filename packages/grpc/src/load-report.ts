// A server's report of its own load as gRPC carries it: xds.data.orca.v3.OrcaLoadReport in a binary trailer (gRFC A51).
// The engine takes it in its readable form.

export const trailingReport = 'endpoint-load-metrics-bin'

const names: Readonly<Record<number, string>> = {
  1: 'cpu_utilization',
  2: 'mem_utilization',
  3: 'rps',
  6: 'rps_fractional',
  7: 'eps',
  9: 'application_utilization',
}

/** Maps of names to doubles. */
const maps: Readonly<Record<number, string>> = { 4: 'request_cost', 5: 'utilization', 8: 'named_metrics' }

/** `JSON {...}`, as servers may also write it into a header. */
export function readLoadReport(bytes: Buffer): string {
  const said: Record<string, number | Record<string, number>> = {}
  for (const { field, value } of fields(bytes)) {
    const name = names[field]
    const map = maps[field]
    if (name !== undefined && typeof value === 'number') said[name] = value
    else if (map !== undefined && typeof value !== 'number') said[map] = { ...(said[map] as object), ...entryOf(value) }
  }
  return `JSON ${JSON.stringify(said)}`
}

function entryOf(bytes: Buffer): Record<string, number> {
  let key = ''
  let number = 0
  for (const { field, value } of fields(bytes)) {
    if (field === 1 && typeof value !== 'number') key = value.toString()
    else if (field === 2 && typeof value === 'number') number = value
  }
  return { [key]: number }
}

/** The numbers and messages of a message; all else is stepped over, and what is cut off ends it. */
function* fields(bytes: Buffer): Generator<{ field: number; value: number | Buffer }> {
  for (let at = 0; at < bytes.length;) {
    const tag = varint(bytes, at)
    at = tag.next
    switch (tag.value & 7) {
      case 0: {
        const whole = varint(bytes, at)
        yield { field: tag.value >>> 3, value: whole.value }
        at = whole.next
        break
      }
      case 1:
        if (at + 8 > bytes.length) return
        yield { field: tag.value >>> 3, value: bytes.readDoubleLE(at) }
        at += 8
        break
      case 2: {
        const length = varint(bytes, at)
        at = length.next + length.value
        if (at > bytes.length) return
        yield { field: tag.value >>> 3, value: bytes.subarray(length.next, at) }
        break
      }
      case 5:
        at += 4
        break
      default:
        return
    }
  }
}

function varint(bytes: Buffer, from: number): { value: number; next: number } {
  let value = 0
  for (let at = from, shift = 1; at < bytes.length; at++, shift *= 128) {
    const byte = bytes[at] ?? 0
    value += (byte & 127) * shift
    if (byte < 128) return { value, next: at + 1 }
  }
  return { value, next: bytes.length }
}
