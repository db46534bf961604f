// Lanes: shared by channels that are alike, and forgotten with the last where nobody else could be.
import { credentials } from '@grpc/grpc-js'
import type { Mesh } from '@proxyless/core/spi'
import { expect, test } from 'vitest'
import { ownCopy } from './copy.ts'
import { GrpcTransport } from './grpc-transport.ts'

const transport = (): GrpcTransport => GrpcTransport.of({ settings: {} } as Mesh)

test('channels with the same credentials and options have one lane; a secured one is forgotten with the last of them', () => {
  const it = transport()
  const ssl = credentials.createSsl()
  const lane = it.laneOf(ownCopy, ssl, {})
  expect(it.laneOf(ownCopy, ssl, {})).toBe(lane)
  it.giveBack(lane)
  expect([it.laneOf(ownCopy, ssl, {}), lane.left]).toEqual([lane, false])
  it.giveBack(lane)
  it.giveBack(lane)
  expect(lane.left).toBe(true)
  const later = it.laneOf(ownCopy, ssl, {})
  expect(later).not.toBe(lane)
  const way = {}
  expect(later.keyFor(way, 'a')).not.toBe(lane.keyFor(way, 'a'))
})

test('a plain lane is kept for the next channel like it', () => {
  const it = transport()
  const lane = it.laneOf(ownCopy, credentials.createInsecure(), {})
  it.giveBack(lane)
  expect([it.laneOf(ownCopy, credentials.createInsecure(), {}), lane.left]).toEqual([lane, false])
  expect(it.laneOf(ownCopy, credentials.createInsecure(), { 'grpc.max_receive_message_length': 1 })).not.toBe(lane)
})
