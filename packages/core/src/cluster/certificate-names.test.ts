import { describe, expect, test } from 'vitest'
import { checksHostname, namesComplaint } from './certificate-names.ts'

describe('certificate names', () => {
  test('without names and SNI the host is checked', () => {
    expect(checksHostname({ subjectAltNames: [], verify: true })).toBe(true)
    expect(checksHostname({ subjectAltNames: [], serverName: 'a', verify: true })).toBe(false)
    expect(checksHostname({ subjectAltNames: ['a'], verify: true })).toBe(false)
  })

  test.each([
    ['one of several, of any kind', ['spiffe://mesh/ns/a'], 'DNS:b, URI:spiffe://mesh/ns/a', undefined],
    ['an address', ['10.0.0.1'], 'IP Address:10.0.0.1', undefined],
    ['a quoted one', ['a'], 'DNS:"a"', undefined],
    ['an SNI alone: any', [], 'DNS:b', undefined],
    ['others', ['a', 'c'], 'DNS:b', 'the certificate carries b, none of a, c'],
    ['none', ['a'], undefined, 'the certificate carries no names, none of a'],
  ])('%s', (_what, subjectAltNames, carried, complaint) => {
    expect(namesComplaint({ subjectAltNames, serverName: 'sni', verify: true }, carried)).toBe(complaint)
  })
})
