// Rows about what is sent and answered: rewrites, redirects, direct responses, headers, mirrors.
import { expect } from 'vitest'
import { type Case, row } from '../case.ts'
import { to, virtualService, type World } from '../world.ts'

/** The URL that arrives, for a path that is asked. */
async function arrives(w: World, path: string): Promise<string | undefined> {
  return (await w.get(`http://reviews:9080${path}`)).received?.url
}

async function location(w: World, url: string): Promise<string | null> {
  return (await w.get(url)).headers.get('location')
}

function redirect(action: string, host = 'reviews'): string {
  return virtualService(host, `  - match: [{uri: {prefix: /}}]\n    redirect: ${action}\n`)
}

const every = { value: 100 }
const mirrored = `mirror: {host: ratings}\nmirrorPercentage: {value: ${every.value}}`

export const rewritingCases: readonly Case[] = [
  row('C047', 'a prefix is replaced literally', async (w) => {
    await w.configure(
      virtualService('reviews', to('reviews/v1', 'match: [{uri: {prefix: /reviews}}]\nrewrite: {uri: /}')),
    )
    expect(await arrives(w, '/reviews/1')).toBe('//1')
    expect(await arrives(w, '/reviewsz')).toBe('/z')
    expect(await arrives(w, '/reviews?x=1')).toBe('/?x=1')
  }),
  row('C048', 'exact and regex matches replace the whole path', async (w) => {
    await w.configure(
      virtualService(
        'reviews',
        to('reviews/v1', 'match: [{uri: {exact: /exact}}]\nrewrite: {uri: /E}') +
          to('reviews/v1', 'match: [{uri: {regex: "/rx.*"}}]\nrewrite: {uri: /RX}'),
      ),
    )
    expect(await arrives(w, '/exact?q=1')).toBe('/E?q=1')
    expect(await arrives(w, '/rx1/2?q=1')).toBe('/RX?q=1')
  }),
  row('C049', 'without a match the prefix / is replaced', async (w) => {
    await w.configure(virtualService('reviews', to('reviews/v1', 'rewrite: {uri: /v1}')))
    expect(await arrives(w, '/foo')).toBe('/v1foo')
  }),
  row('C051', 'a prefix without case is replaced by its length', async (w) => {
    await w.configure(
      virtualService(
        'reviews',
        to('reviews/v1', 'match: [{uri: {prefix: /CI}, ignoreUriCase: true}]\nrewrite: {uri: /low}'),
      ),
    )
    expect(await arrives(w, '/ci/Foo')).toBe('/low/Foo')
  }),
  row('C052', 'a redirect keeps the query unless it brings one', async (w) => {
    await w.configure(redirect('{uri: /new}'))
    const outcome = await w.get('http://reviews:9080/old?k=1')
    expect([outcome.status, outcome.headers.get('location')]).toEqual([301, 'http://reviews:9080/new?k=1'])
    await w.configure(redirect('{uri: "/new?z=1"}'))
    expect(await location(w, 'http://reviews:9080/old?k=1')).toBe('http://reviews:9080/new?z=1')
  }),
  row('C054', 'a redirect to https drops port 80 only', async (w) => {
    await w.configure(redirect('{scheme: https}', 't.local'))
    expect(await location(w, 'http://t.local/a')).toBe('https://t.local/a')
    expect(await location(w, 'http://t.local:26080/a')).toBe('https://t.local:26080/a')
  }),
  row('C055', 'the request port is left out when it is 80', async (w) => {
    await w.configure(redirect('{derivePort: FROM_REQUEST_PORT}', 't.local'))
    expect(await location(w, 'http://t.local/a')).toBe('http://t.local/a')
    expect(await location(w, 'http://t.local:9080/a')).toBe('http://t.local:9080/a')
  }),
  row('C057', 'a direct response with body and header, mapped for gRPC', async (w) => {
    const http = '  - directResponse: {status: 418, body: {string: tea}}\n    headers: {response: {set: {x-d: d}}}\n'
    await w.configure(virtualService('reviews', http))
    const plain = await w.get('http://reviews:9080/')
    expect([plain.status, plain.body, plain.headers.get('x-d')]).toEqual([418, 'tea', 'd'])
    const grpc = await w.get('http://reviews:9080/', { 'content-type': 'application/grpc' })
    const said = ['grpc-status', 'grpc-message', 'x-d'].map((name) => grpc.headers.get(name))
    expect([grpc.status, ...said]).toEqual([200, '2', 'tea', 'd'])
  }),
  row('C061', 'setting an empty value is skipped', async (w) => {
    await w.configure(virtualService('reviews', to('reviews/v1', 'headers: {request: {set: {x: ""}}}')))
    expect((await w.get('http://reviews:9080/', { x: 'o' })).received?.header('x')).toBe('o')
  }),
  row('C062', 'the route’s host beats the destination’s', async (w) => {
    const http = `  - headers: {request: {set: {host: h1}}}
    route:
    - {destination: {host: reviews, subset: v1}, weight: 100, headers: {request: {set: {host: h2}}}}
    - {destination: {host: reviews, subset: v2}, weight: 1}
`
    await w.configure(virtualService('reviews', http))
    expect((await w.get('http://reviews:9080/')).received?.header('host')).toBe('h1')
  }),
  row('C064', 'response operations apply to local replies of a chosen route', async (w) => {
    const set = 'headers: {response: {set: {x-d: d}}}'
    await w.configure(
      virtualService(
        'reviews',
        to('nowhere.example', `match: [{uri: {prefix: /nc}}]\n${set}`) +
          to('reviews/v1', `match: [{uri: {prefix: /uf}}]\n${set}`),
      ),
    )
    await w.stop('e1')
    const refused = await w.get('http://reviews:9080/uf')
    expect([refused.status, refused.flags, refused.headers.get('x-d')]).toEqual([503, 'URX,UF', 'd'])
    const missing = await w.get('http://reviews:9080/nc')
    expect([missing.flags, missing.headers.get('x-d')]).toEqual(['NC', 'd'])
    const none = await w.get('http://reviews:9080/other')
    expect([none.flags, none.headers.get('x-d')]).toEqual(['NR', null])
  }),
  row('C065', 'a mirror gets a copy with the same Host and cannot hurt the caller', async (w) => {
    await w.configure(virtualService('reviews', to('reviews/v1', mirrored)))
    w.answer('ratings', { status: 500 })
    expect((await w.get('http://reviews:9080/')).status).toBe(200)
    await w.quiet()
    expect(w.backend('ratings').requests[0]?.header('host')).toBe('reviews:9080')
    await w.configure(virtualService('reviews', to('reviews/v1', mirrored)), { compat: 'istio-1.4' })
    await w.get('http://reviews:9080/')
    await w.quiet()
    expect(w.backend('ratings').requests[1]?.header('host')).toBe('reviews-shadow:9080')
  }),
  row('C067', 'a mirror to an unknown host sends nothing', async (w) => {
    await w.configure(virtualService('reviews', to('reviews/v1', 'mirror: {host: nowhere.example}')))
    expect((await w.get('http://reviews:9080/')).status).toBe(200)
  }),
  row('C068', 'an aborted call is not mirrored', async (w) => {
    await w.configure(
      virtualService(
        'reviews',
        to('reviews/v1', `${mirrored}\nfault: {abort: {httpStatus: 500, percentage: {value: 100}}}`),
      ),
    )
    expect((await w.get('http://reviews:9080/')).flags).toBe('FI')
    await w.quiet()
    expect(w.arrivals).toEqual([])
  }),
]
