// XXH64 over pairs of 32-bit words, without BigInt: what consistent balancers and hash policies hash with, as Envoy does.
// Not cryptographic. One character is one byte, as in header values; `byteString` turns other text into such characters.

/** 64 bits as two unsigned halves. */
export interface Hash64 {
  high: number
  low: number
}

/** XXH64 of a text whose characters are bytes. @param into takes the result; may be the seed itself */
export function xxHash64(text: string, into: Hash64, seed: Readonly<Hash64> = noSeed): void {
  load(text)
  if (text.length < 32) {
    high = seed.high | 0
    low = seed.low | 0
    add(P5H, P5L)
  } else {
    stripes(text.length >>> 5, seed.high | 0, seed.low | 0)
  }
  add(0, text.length)
  finish(text.length)
  avalanche()
  into.high = high >>> 0
  into.low = low >>> 0
}

/** UTF-8 of a text, one character per byte. */
export function byteString(text: string): string {
  if (!/[^\0-\x7f]/.test(text)) return text
  return encodeURIComponent(text).replace(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

const noSeed: Hash64 = { high: 0, low: 0 }

const P1H = 0x9e3779b1 | 0
const P1L = 0x85ebca87 | 0
const P2H = 0xc2b2ae3d | 0
const P2L = 0x27d4eb4f | 0
const P3H = 0x165667b1 | 0
const P3L = 0x9e3779f9 | 0
const P4H = 0x85ebca77 | 0
const P4L = 0xc2b2ae63 | 0
const P5H = 0x27d4eb2f | 0
const P5L = 0x165667c5 | 0

/** The number being made, as signed halves: such integers cost no allocation. */
let high = 0
let low = 0
/** The text, four bytes a word, the first byte lowest. */
let words = new Int32Array(64)
/** The four lanes of long texts: high and low in turn. */
const lanes = new Int32Array(8)

function load(text: string): void {
  const { length } = text
  if (length > words.length * 4) words = new Int32Array(length)
  const whole = length & ~3
  for (let i = 0; i < whole; i += 4) {
    words[i >>> 2] =
      (text.charCodeAt(i) & 0xff) |
      ((text.charCodeAt(i + 1) & 0xff) << 8) |
      ((text.charCodeAt(i + 2) & 0xff) << 16) |
      (text.charCodeAt(i + 3) << 24)
  }
  if (whole === length) return
  let rest = 0
  for (let i = length - 1; i >= whole; i--) rest = (rest << 8) | (text.charCodeAt(i) & 0xff)
  words[whole >>> 2] = rest
}

function stripes(count: number, seedHigh: number, seedLow: number): void {
  startLanes(seedHigh, seedLow)
  for (let stripe = 0; stripe < count; stripe++) {
    for (let lane = 0; lane < 8; lane += 2) {
      const at = stripe * 8 + lane
      round(lanes[lane] ?? 0, lanes[lane + 1] ?? 0, words[at + 1] ?? 0, words[at] ?? 0)
      keep(lane)
    }
  }
  let sumHigh = 0
  let sumLow = 0
  for (let lane = 0; lane < 8; lane += 2) {
    take(lane)
    rotate(lane === 0 ? 1 : lane === 2 ? 7 : lane === 4 ? 12 : 18)
    add(sumHigh, sumLow)
    sumHigh = high
    sumLow = low
  }
  for (let lane = 0; lane < 8; lane += 2) {
    round(0, 0, lanes[lane] ?? 0, lanes[lane + 1] ?? 0)
    high = sumHigh ^ high
    low = sumLow ^ low
    multiply(P1H, P1L)
    add(P4H, P4L)
    sumHigh = high
    sumLow = low
  }
}

function startLanes(seedHigh: number, seedLow: number): void {
  high = seedHigh
  low = seedLow
  keep(4)
  add(P2H, P2L)
  keep(2)
  add(P1H, P1L)
  keep(0)
  high = seedHigh
  low = seedLow
  add(~P1H, ~P1L)
  add(0, 1)
  keep(6)
}

/** What is left after whole stripes: words of eight bytes, one of four, single bytes. */
function finish(length: number): void {
  const end = length >>> 2
  let at = (length >>> 5) << 3
  for (; at + 2 <= end; at += 2) {
    const h = high
    const l = low
    round(0, 0, words[at + 1] ?? 0, words[at] ?? 0)
    high ^= h
    low ^= l
    rotate(27)
    multiply(P1H, P1L)
    add(P4H, P4L)
  }
  if (at < end) {
    const h = high
    const l = low
    high = 0
    low = words[at++] ?? 0
    multiply(P1H, P1L)
    high ^= h
    low ^= l
    rotate(23)
    multiply(P2H, P2L)
    add(P3H, P3L)
  }
  let rest = words[at] ?? 0
  for (let left = length & 3; left > 0; left--) {
    const h = high
    const l = low
    high = 0
    low = rest & 0xff
    multiply(P5H, P5L)
    high ^= h
    low ^= l
    rotate(11)
    multiply(P1H, P1L)
    rest >>>= 8
  }
}

function avalanche(): void {
  low ^= high >>> 1
  multiply(P2H, P2L)
  low ^= (low >>> 29) | (high << 3)
  high ^= high >>> 29
  multiply(P3H, P3L)
  low ^= high
}

/** rotl(accumulator + input * P2, 31) * P1 */
function round(accumulatorHigh: number, accumulatorLow: number, inputHigh: number, inputLow: number): void {
  high = inputHigh
  low = inputLow
  multiply(P2H, P2L)
  add(accumulatorHigh, accumulatorLow)
  rotate(31)
  multiply(P1H, P1L)
}

function keep(lane: number): void {
  lanes[lane] = high
  lanes[lane + 1] = low
}

function take(lane: number): void {
  high = lanes[lane] ?? 0
  low = lanes[lane + 1] ?? 0
}

function add(h: number, l: number): void {
  const sum = (low + l) | 0
  high = (high + h + (sum >>> 0 < l >>> 0 ? 1 : 0)) | 0
  low = sum
}

function rotate(by: number): void {
  const h = high
  high = (h << by) | (low >>> (32 - by))
  low = (low << by) | (h >>> (32 - by))
}

function multiply(h: number, l: number): void {
  const a0 = low & 0xffff
  const a1 = low >>> 16
  const b0 = l & 0xffff
  const b1 = l >>> 16
  const middle = (Math.imul(a1, b0) + (Math.imul(a0, b0) >>> 16)) | 0
  const carry = (Math.imul(a0, b1) + (middle & 0xffff)) | 0
  high = (Math.imul(a1, b1) + (middle >>> 16) + (carry >>> 16) + Math.imul(high, l) + Math.imul(low, h)) | 0
  low = Math.imul(low, l)
}
