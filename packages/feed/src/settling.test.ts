import { VirtualClock } from '@proxyless/core/spi'
import { beforeEach, describe, expect, test } from 'vitest'
import { Settling } from './settling.ts'

const plain = { emptied: false, retry: false }

let clock: VirtualClock
let settling: Settling

beforeEach(() => {
  clock = new VirtualClock()
  settling = new Settling(clock)
})

describe('Settling', () => {
  test('the first look is believed at once', () => {
    expect(settling.ready('a', plain)).toBe(true)
    expect(settling.confirm('a', 'a')).toBe(true)
    expect(settling.pending).toBe(false)
  })

  test('a change is believed when the next look agrees', () => {
    take('a')
    expect(settling.ready('b', plain)).toBe(false)
    expect(settling.pending).toBe(true)
    expect(settling.ready('c', plain)).toBe(false)
    expect(settling.ready('c', plain)).toBe(true)
  })

  test('what changed while it was read is not handed over', () => {
    take('a')
    settling.ready('b', plain)
    expect(settling.ready('b', plain)).toBe(true)
    expect(settling.confirm('b', 'c')).toBe(false)
    expect(settling.ready('c', plain)).toBe(true)
    expect(settling.confirm('c', 'c')).toBe(true)
  })

  test('a change taken back is forgotten', () => {
    take('a')
    settling.ready('b', plain)
    expect(settling.ready('a', plain)).toBe(false)
    expect(settling.pending).toBe(false)
  })

  test('what never rests is taken after 300 ms', () => {
    take('a')
    for (let look = 0; look < 6; look++) {
      expect(settling.ready(`b${look}`, plain)).toBe(false)
      clock.advance(50)
    }
    expect(settling.ready('b6', plain)).toBe(true)
    expect(settling.confirm('b6', 'b7')).toBe(true)
  })

  test('emptiness has to last for 200 ms', () => {
    take('a')
    for (let look = 0; look < 4; look++) {
      expect(settling.ready('', { emptied: true, retry: false })).toBe(false)
      clock.advance(50)
    }
    expect(settling.ready('', { emptied: true, retry: false })).toBe(true)
  })

  test('nothing new is read again only on request', () => {
    take('a')
    expect(settling.ready('a', plain)).toBe(false)
    expect(settling.ready('a', { emptied: false, retry: true })).toBe(true)
  })
})

function take(fingerprint: string): void {
  settling.ready(fingerprint, plain)
  settling.confirm(fingerprint, fingerprint)
}
