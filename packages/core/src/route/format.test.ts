// Command operators in header values, SEMANTICS 3.7.
import { expect, test } from 'vitest'
import { compileFormat, type FormatContext } from './format.ts'

const context: FormatContext = {
  requestHeader: (name) => ({ 'x-a': 'alpha', ':method': 'GET', empty: '' })[name],
  protocol: 'HTTP/1.1',
  startTimeMs: Date.UTC(2026, 0, 2, 3, 4, 5, 6),
  upstreamCluster: 'v1',
}

test.each([
  ['plain', 'plain'],
  ['', ''],
  ['%PROTOCOL%', 'HTTP/1.1'],
  ['%START_TIME%', '2026-01-02T03:04:05.006Z'],
  ['%UPSTREAM_CLUSTER%', 'v1'],
  ['%REQ(x-a)%', 'alpha'],
  ['%REQ(X-A)%', 'alpha'],
  ['%REQ(:METHOD)%', 'GET'],
  ['%REQ(absent)%', ''],
  ['%REQ(absent?x-a)%', 'alpha'],
  ['%REQ(empty?x-a)%', ''],
  ['%REQ(x-a):2%', 'al'],
  ['%REQ(absent?x-a):3%', 'alp'],
  ['100%%', '100%'],
  ['%%REQ(x-a)%%', '%REQ(x-a)%'],
  ['a-%REQ(x-a)%-%UPSTREAM_CLUSTER%-z', 'a-alpha-v1-z'],
])('%s becomes %s', (text, expected) => {
  expect(compileFormat(text)(context)).toBe(expected)
})

test.each([
  ['Müller', 'M\u00c3\u00bcller'],
  ['Łódź %PROTOCOL%', 'Å\u0081Ã³dÅº HTTP/1.1'],
  ['a\tb', 'a\tb'],
])('%s goes out as the bytes of its UTF-8', (text, expected) => {
  expect(compileFormat(text)(context)).toBe(expected)
})

test.each(['a\nb', 'a\rb', 'a\0', '\u007f'])('the control character of %j is refused', (text) => {
  expect(() => compileFormat(text)).toThrow('cannot be in a header')
})

test.each(['%HOSTNAME%', '%REQ%', '%REQ()%', '%REQ(a?b?c)%', '%req(a)%', '50%', '%', '%PROTOCOL% and %'])(
  '%s is refused, with its text',
  (text) => {
    expect(() => compileFormat(text)).toThrow(JSON.stringify(text).slice(1, -1))
  },
)
