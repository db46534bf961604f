// Calls that stay with an endpoint, over real sockets: the cookie that the mesh makes and keeps, SEMANTICS 6.6.
import { expect, test } from 'vitest'
import { cluster, config, endpoint, forward, host, route } from '../kit/config.ts'
import { backend, closeAfterEach, mesh } from '../kit/opened.ts'

closeAfterEach()

test('a cookie is made once, its caller sees it, and later calls send it to the same endpoint', async () => {
  const backends = await Promise.all(['a', 'b', 'c'].map((name) => backend({ name, handler: () => ({ body: name }) })))
  const action = forward('c', {
    hashPolicies: [{ kind: 'cookie', name: 'sticky', ttlMs: 60_000, path: '/', attributes: [] }],
    responseHeaders: { remove: [], set: [{ name: 'x-set', value: 'yes' }], add: [] },
  })
  const endpoints = backends.map(({ authority }) => endpoint(authority))
  const sticky = cluster('c', endpoints, { loadBalancer: { kind: 'maglev', tableSize: 65_537 } })
  const m = await mesh(config([host(['svc'], [route(action)])], [sticky]))
  const explained = m.explain({ url: 'http://svc/' })
  const first = await m.fetch('http://svc/')
  const name = await first.text()
  const [pair = '', ...attributes] = first.headers.getSetCookie()[0]?.split('; ') ?? []
  expect(pair).toMatch(/^sticky="[0-9a-f]{16}"$/)
  expect(attributes).toEqual(['Max-Age=60', 'Path=/', 'HttpOnly'])
  expect(first.headers.get('x-set')).toBe('yes')
  expect(String(explained)).toContain(pair.slice('sticky="'.length, -1))
  const used = backends.find(({ requests }) => requests.length > 0)
  expect(explained.outcome.endpoint).toBe(used?.authority)
  expect(used?.requests[0]?.header('cookie')).toBeUndefined()
  for (let i = 0; i < 10; i++) {
    const next = await m.fetch('http://svc/', { headers: { cookie: 'mine=1' } })
    expect([await next.text(), next.headers.getSetCookie()]).toEqual([name, []])
  }
  expect(used?.requests.at(-1)?.header('cookie')).toBe(`mine=1; ${pair}`)
})
