// XXH64 against the reference implementation (xxhash 0.8.2) and the vectors of SEMANTICS appendix B.
import { describe, expect, test } from 'vitest'
import { byteString, type Hash64, xxHash64 } from './hash.ts'

function hex({ high, low }: Hash64): string {
  return [high, low].map((half) => half.toString(16).padStart(8, '0')).join('')
}

function hashOf(text: string, seed?: Hash64): string {
  const hash = { high: 0, low: 0 }
  xxHash64(text, hash, seed)
  return hex(hash)
}

/** Bytes that leave nothing out. */
function bytes(length: number): string {
  return Array.from({ length }, (_, i) => String.fromCharCode((i * 7 + length) & 0xff)).join('')
}

test.each([
  ['', 'ef46db3751d8e999'],
  ['a', 'd24ec4f1a98c6e5b'],
  ['abc', '44bc2cf5ad770999'],
  ['jason', 'bae90e0841dcabff'],
  ['alice', '73a3ea485f2e6049'],
  ['user1', '63edb0950fc8c927'],
])('appendix B: %j is %s', (text, hash) => {
  expect(hashOf(text)).toBe(hash)
})

test.each([
  [0, 'ef46db3751d8e999', 'd5afba1336a3be4b', '7cc8df76db892f66'],
  [1, '8a4127811b21e730', '6ec2195ffcaa3025', '5ea1176d843d0e62'],
  [3, '31d2363f52e564c9', '2d80e074130d0176', '1217a6d16470ab40'],
  [4, 'b4d516af63f9c743', '0772d24549f94627', '6b1e86a710d15df0'],
  [7, '2163df11c0cdf8cd', '734163f526dd7ed5', '4c862bc358929d7a'],
  [8, 'd5474d6ca50def58', 'ca8ec191154c2629', 'f2c373ef4116be3e'],
  [9, 'a6d41e4e74bc10e4', 'a40910d000c1146f', '5ccfa3193b2f62ff'],
  [12, 'a4743d1733af563b', '9a6566cf3a3d26c3', '34176c97ae11bae4'],
  [15, '646187cf6e75240d', '75a37777c96ceebc', 'fbd74249a8ee27b9'],
  [31, 'c025b4c3c4880c7a', '8d61cce9557a08ac', 'da823f0fd93d8491'],
  [32, '178ae25cee6f7994', '246597d78a8b9827', '77e0389c3692fbeb'],
  [33, '4072a28263e977ef', 'c9e67788b3e62216', '95525a372bd781bd'],
  [39, '035bc7dcd4043e6b', 'c870ee044aea91b6', 'e082f6f36000ae9b'],
  [63, '47948108b5ff3162', '91b5db4c1c39a2dd', 'a8d8ba2370649049'],
  [64, 'cf35552f599ba94d', '5838a7dd157f03b4', 'dee590bcf1f035fb'],
  [100, '3a7fdc0febf6f5dc', '056c522ed4639ffe', 'd6857163e028d866'],
  [1000, '958e6485b0af5378', 'cedb32f02cc14814', 'a6420edaa6f4aa75'],
])('%d bytes with the seeds 0, 1 and fedcba9876543210', (length, plain, one, large) => {
  const text = bytes(length)
  expect(hashOf(text)).toBe(plain)
  expect(hashOf(text, { high: 0, low: 1 })).toBe(one)
  expect(hashOf(text, { high: 0xfedcba98, low: 0x76543210 })).toBe(large)
})

describe('texts', () => {
  test('a character is a byte, as header values have them', () => {
    expect(hashOf('Zo\u00eb')).toBe('068f57d3655b039c')
  })

  test('byteString makes UTF-8 of any text', () => {
    expect(hashOf(byteString('Zo\u00eb \u2603'))).toBe('50f9dfe47ae011b5')
    expect(byteString('10.0.0.1:80')).toBe('10.0.0.1:80')
  })

  test('the result may be the seed itself: hashes are chained', () => {
    const hash = { high: 0, low: 0 }
    xxHash64('a', hash)
    xxHash64('b', hash, hash)
    expect(hex(hash)).toBe('76d9a1916ddca8e6')
  })
})
