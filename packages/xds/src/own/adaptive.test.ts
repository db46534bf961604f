// What no field of xDS knows, there and back.
import { expect, test } from 'vitest'
import { readAdaptive, writeAdaptive } from './adaptive.ts'

test('of a cluster with an aperture every process keeps to a part of its own, though all are given the same', () => {
  const given = writeAdaptive(undefined, { size: 7, seed: 1 })
  const [one, two] = ['web-1', 'web-2'].map((instance) => readAdaptive(given, instance).aperture)
  expect([one?.size, two?.size]).toEqual([7, 7])
  expect(one?.seed).not.toBe(two?.seed)
  expect(readAdaptive(given, 'web-1').aperture).toEqual(one)
  expect(readAdaptive(given, undefined).aperture).toEqual({ size: 7, seed: 1 })
})
