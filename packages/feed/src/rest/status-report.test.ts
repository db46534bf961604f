// FEED.md, server: `POST {base}/v1/status`, what was applied and what was refused.
import type { DocumentText, Problem } from '@proxyless/core/spi'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Rig, serves, service } from './scripted-server.suite.ts'

let rig: Rig
beforeEach(async () => {
  rig = await Rig.make()
  rig.server.config = serves('1', [service('a')])
})
afterEach(() => rig.close())

const refuse = (texts: readonly DocumentText[]): Problem[] => [
  {
    code: 'INVALID_VALUE',
    severity: 'error',
    outcome: 'kept',
    resource: 'ServiceEntry shop/a',
    path: 'spec.hosts',
    message: 'wrong',
    source: texts[0]?.name ?? '',
  },
  { code: 'X', severity: 'error', outcome: 'kept', resource: 'Y', path: '', message: '', source: 'another source' },
  {
    code: 'X',
    severity: 'warning',
    outcome: 'applied',
    resource: 'Y',
    path: '',
    message: '',
    source: texts[0]?.name ?? '',
  },
]

const reports = (): unknown[] => rig.server.askedOf('/v1/status').map(({ body }) => JSON.parse(body) as unknown)

test('says which version is applied, and which documents of the feed were refused and why', async () => {
  rig.start({ stream: false }, refuse)
  await rig.until(() => reports().length === 1)
  const rejected = [
    { kind: 'ServiceEntry', namespace: 'shop', name: 'a', version: '1', path: 'spec.hosts', message: 'wrong' },
  ]
  expect(reports()[0]).toEqual({ node: 'shop-1', applied: '1', rejected })
  expect(rig.server.askedOf('/v1/status')[0]?.method).toBe('POST')
  expect(rig.server.askedOf('/v1/status')[0]?.headers['content-type']).toBe('application/json')
})

test('is sent for each version that is applied', async () => {
  const seen = rig.start({ stream: false })
  await rig.until(() => reports().length === 1)
  await rig.settle()
  rig.server.config = serves('2', [service('b')])
  await rig.pass(15_000)
  await rig.until(() => reports().length === 2)
  expect(reports()).toMatchObject([{ applied: '1', rejected: [] }, { applied: '2' }])
  expect(seen.problems).toEqual([])
})

test.each([404, 405, 501])('a server that answers %d is not told again', async (status) => {
  rig.server.status = () => ({ status })
  const seen = rig.start({ stream: false })
  await rig.until(() => reports().length === 1)
  await rig.settle()
  rig.server.config = serves('2', [service('b')])
  await rig.pass(15_000)
  await rig.until(() => seen.sets.length === 2)
  await rig.settle()
  expect(reports()).toHaveLength(1)
  expect(seen.problems).toEqual([])
})

test('a report that fails harms nothing, and none is sent with `report: false`', async () => {
  rig.server.status = () => undefined
  const seen = rig.start({ stream: false })
  await rig.until(() => reports().length === 1)
  const silent = rig.start({ stream: false, report: false })
  await rig.until(() => silent.sets.length === 1)
  await rig.pass(10_000)
  expect(reports()).toHaveLength(1)
  expect(seen.problems).toEqual([])
})
