// XXH64 of short ASCII texts in plain BigInt, written from the specification: an oracle that shares nothing with the product.
const P1 = 0x9e3779b185ebca87n
const P2 = 0xc2b2ae3d27d4eb4fn
const P3 = 0x165667b19e3779f9n
const P4 = 0x85ebca77c2b2ae63n
const P5 = 0x27d4eb2f165667c5n

/** @param text fewer than 32 characters */
export function xxHash64(text: string): bigint {
  const bytes = Buffer.from(text, 'latin1')
  if (bytes.length >= 32) throw new RangeError('too long for this oracle')
  let hash = u64(P5 + BigInt(bytes.length))
  let at = 0
  for (; at + 8 <= bytes.length; at += 8) {
    const round = u64(rotate(u64(bytes.readBigUInt64LE(at) * P2), 31n) * P1)
    hash = u64(rotate(hash ^ round, 27n) * P1 + P4)
  }
  if (at + 4 <= bytes.length) {
    hash = u64(rotate(hash ^ u64(BigInt(bytes.readUInt32LE(at)) * P1), 23n) * P2 + P3)
    at += 4
  }
  for (; at < bytes.length; at++) hash = u64(rotate(hash ^ u64(BigInt(bytes[at] ?? 0) * P5), 11n) * P1)
  hash = u64((hash ^ (hash >> 33n)) * P2)
  hash = u64((hash ^ (hash >> 29n)) * P3)
  return hash ^ (hash >> 32n)
}

function u64(value: bigint): bigint {
  return BigInt.asUintN(64, value)
}

function rotate(value: bigint, by: bigint): bigint {
  return u64(value << by) | (value >> (64n - by))
}
