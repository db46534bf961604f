// The Location of a redirect, SEMANTICS 3.8.
import { expect, test } from 'vitest'
import type { PathMatch } from '../model/match.ts'
import type { RedirectAction } from '../model/route.ts'
import { redirectLocation, splitAuthority } from './redirect.ts'
import { requestOf } from './request.suite.ts'

const root: PathMatch = { kind: 'prefix', value: '/', ignoreCase: false }

test.each<[string, Partial<RedirectAction>, url: string, location: string]>([
  ['C052 a path keeps the query', { path: '/new' }, 'http://h/old?k=1', 'http://h/new?k=1'],
  ['C052 a path with a query replaces it', { path: '/new?z=1' }, 'http://h/old?k=1', 'http://h/new?z=1'],
  ['C054 http to https drops :80', { scheme: 'https' }, 'http://t.local:80/x', 'https://t.local/x'],
  ['C054 other ports stay', { scheme: 'https' }, 'http://t.local:26080/x', 'https://t.local:26080/x'],
  ['https to http drops :443', { scheme: 'http' }, 'https://h:443/', 'http://h/'],
  ['https to http keeps :80', { scheme: 'http' }, 'https://h:80/', 'http://h:80/'],
  ['http to https keeps :443', { scheme: 'https' }, 'http://h:443/', 'https://h:443/'],
  ['the same scheme keeps its port', { scheme: 'http' }, 'http://h:80/', 'http://h:80/'],
  ['C055 the request port 80 is left out', { port: 'fromRequestPort' }, 'http://h/', 'http://h/'],
  ['C055 another request port is shown', { port: 'fromRequestPort' }, 'http://h:9080/', 'http://h:9080/'],
  ['the default port of the scheme is none', { port: 'schemeDefault', scheme: 'https' }, 'http://h:9/', 'https://h/'],
  ['a given port', { port: 8443 }, 'http://h:9080/', 'http://h:8443/'],
  ['an authority is verbatim and drops the port', { authority: 'Other' }, 'http://h:9080/x', 'http://Other/x'],
  ['an authority may have a port', { authority: 'other:1' }, 'http://h:9080/', 'http://other:1/'],
  ['an authority and a given port', { authority: 'other', port: 8080 }, 'http://h/', 'http://other:8080/'],
  ['an IPv6 host', { port: 8080 }, 'http://[::1]:80/', 'http://[::1]:8080/'],
])('%s', (_, action, url, location) => {
  expect(redirectLocation({ kind: 'redirect', status: 301, ...action }, root, requestOf(url))).toBe(location)
})

test('a prefix replaces the matched prefix and keeps the query', () => {
  const old: PathMatch = { kind: 'prefix', value: '/old', ignoreCase: false }
  const action: RedirectAction = { kind: 'redirect', status: 302, prefix: '/new' }
  expect(redirectLocation(action, old, requestOf('http://h/old/x?k'))).toBe('http://h/new/x?k')
})

test.each([
  ['h', 'h', ''],
  ['h:80', 'h', '80'],
  ['[::1]', '[::1]', ''],
  ['[::1]:80', '[::1]', '80'],
  ['::1', '::1', ''],
  ['', '', ''],
])('the authority %s is the host %s and the port %s', (authority, host, port) => {
  expect(splitAuthority(authority)).toEqual({ host, port })
})
