// Which virtual host claims a request's host, SEMANTICS 2.3.
import { describe, expect, test } from 'vitest'
import { HostTable } from './host-table.ts'

function table(...entries: readonly (readonly [domains: readonly string[], port?: number])[]): HostTable<string> {
  return new HostTable(
    entries.map(([domains, port]) => ({
      domains,
      value: `${domains[0] ?? ''}${port === undefined ? '' : ` on ${port}`}`,
      ...(port === undefined ? {} : { port }),
    })),
  )
}

describe('precedence', () => {
  const hosts = table([['*.foo.com']], [['*-x.foo.com']], [['*.bar.foo.com']], [['foo.*']], [['foo.com']])

  test.each([
    ['b-x.foo.com', '*-x.foo.com'],
    ['a.bar.foo.com', '*.bar.foo.com'],
    ['foo.foo.com', '*.foo.com'],
    ['foo.org', 'foo.*'],
    ['bar.foo.com', '*.foo.com'],
    ['foo.com', 'foo.com'],
    ['com', undefined],
  ])('C138 %s belongs to %s', (host, expected) => {
    expect(hosts.find(host, 80)).toBe(expected)
  })

  test('a wildcard stands for at least one character', () => {
    const wild = table([['*.foo.com']], [['*-x']], [['foo.*']])
    expect(wild.find('.foo.com', 80)).toBeUndefined()
    expect(wild.find('-x', 80)).toBeUndefined()
    expect(wild.find('foo.', 80)).toBeUndefined()
  })

  test('exact before suffix before prefix before universal', () => {
    const all = table([['*']], [['a.*']], [['*.b']], [['a.b']])
    expect(all.find('a.b', 80)).toBe('a.b')
    expect(all.find('x.b', 80)).toBe('*.b')
    expect(all.find('a.c', 80)).toBe('a.*')
    expect(all.find('x.c', 80)).toBe('*')
    expect(table([['a.*']], [['*.b']]).find('a.b', 80)).toBe('*.b')
  })

  test('the longest prefix wildcard wins', () => {
    expect(table([['a.*']], [['a.b.*']]).find('a.b.c', 80)).toBe('a.b.*')
  })

  test('the earlier claim of a domain wins', () => {
    const twice = table([['first', 'a', '*.w', 'p.*', '*']], [['second', 'a', '*.w', 'p.*', '*']])
    for (const host of ['a', 'x.w', 'p.x', 'other']) expect(twice.find(host, 80)).toBe('first')
  })
})

describe('ports', () => {
  test('a host for one port does not claim another', () => {
    const hosts = table([['a'], 80], [['a'], 8080])
    expect(hosts.find('a', 80)).toBe('a on 80')
    expect(hosts.find('a', 8080)).toBe('a on 8080')
    expect(hosts.find('a', 9090)).toBeUndefined()
  })

  test('among one port and every port the earlier claim wins', () => {
    expect(table([['a']], [['a'], 80]).find('a', 80)).toBe('a')
    expect(table([['a'], 80], [['a']]).find('a', 80)).toBe('a on 80')
    expect(table([['a'], 80], [['a']]).find('a', 81)).toBe('a')
    expect(table([['*'], 80], [['*']]).find('a', 80)).toBe('* on 80')
    expect(table([['*']], [['*'], 80]).find('a', 80)).toBe('*')
    expect(table([['*.a']], [['*.a'], 80]).find('x.a', 80)).toBe('*.a')
  })

  test('an exact claim for every port beats a wildcard for the port, and the other way round', () => {
    expect(table([['*.a'], 80], [['x.a']]).find('x.a', 80)).toBe('x.a')
    expect(table([['*.a']], [['x.a'], 80]).find('x.a', 80)).toBe('x.a on 80')
  })

  test('the longer wildcard wins, whatever its port', () => {
    expect(table([['*.a'], 80], [['*.b.a']]).find('x.b.a', 80)).toBe('*.b.a')
    expect(table([['*.a']], [['*.b.a'], 80]).find('x.b.a', 80)).toBe('*.b.a on 80')
    expect(table([['p.*'], 80], [['*.a']]).find('p.a', 80)).toBe('*.a')
  })
})
