// TLS by endpoint: Envoy's transport_socket_matches.
import { describe, expect, test } from 'vitest'
import { endpoint } from '../model/config.suite.ts'
import type { TlsMatch, UpstreamTls } from '../model/cluster.ts'
import { Draining } from './draining.ts'
import { tlsFor } from './endpoint-tls.ts'
import { Members } from './members.ts'

const tls = (serverName: string): UpstreamTls => ({ serverName, subjectAltNames: [], verify: true })
const own = tls('cluster')

describe('how an endpoint is reached', () => {
  const tlsMatches: readonly TlsMatch[] = [
    { labels: { tlsMode: 'istio', zone: 'a' }, tls: tls('both') },
    { labels: { tlsMode: 'istio' }, unavailable: 'no certificate' },
    { labels: { tlsMode: 'disabled' } },
  ]
  test.each<[string, Record<string, string> | undefined, object]>([
    ['all labels of the first', { tlsMode: 'istio', zone: 'a', more: '1' }, { tls: tls('both') }],
    ['those of the second', { tlsMode: 'istio', zone: 'b' }, { unavailable: 'no certificate' }],
    ['those of one in plain text', { tlsMode: 'disabled' }, { labels: { tlsMode: 'disabled' } }],
    ['others', { tlsMode: 'x' }, { tls: own }],
    ['none', undefined, { tls: own }],
  ])('with %s', (_, tlsLabels, way) => {
    const found = tlsFor({ tls: own, tlsMatches }, tlsLabels === undefined ? {} : { tlsLabels })
    expect(found).toMatchObject(way)
    expect(found.tls === undefined).toBe(!('tls' in way))
  })

  test('a match without labels is for all', () => {
    expect(tlsFor({ tls: own, tlsMatches: [{ labels: {} }] }, {}).tls).toBeUndefined()
    expect(tlsFor({ tls: own }, { tlsLabels: { a: 'b' } }).tls).toBe(own)
  })
})

test('an endpoint that is to be reached in another way opens new connections', () => {
  const members = new Members(new Draining())
  members.update([endpoint('a', { tlsLabels: { tlsMode: 'disabled' } }), endpoint('b', { tlsLabels: { x: '1' } })])
  const drained: string[] = []
  for (const each of members.list) {
    each.connections.set({}, { drain: () => void drained.push(each.key), destroy: () => undefined, open: 1 })
  }
  members.update([endpoint('a', { tlsLabels: { tlsMode: 'istio' } }), endpoint('b', { tlsLabels: { x: '1' } })])
  expect(drained).toEqual(['a:80'])
  members.update([endpoint('b', { tlsLabels: { x: '2' } }), endpoint('a', { tlsLabels: { tlsMode: 'istio' } })])
  expect(drained).toEqual(['a:80', 'b:80'])
})
