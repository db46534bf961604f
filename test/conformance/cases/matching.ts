// Rows about which route a request takes.
import { expect } from 'vitest'
import { request } from 'undici'
import { type Case, row } from '../case.ts'
import { to, virtualService, type World } from '../world.ts'

const jason = virtualService(
  'reviews',
  to('reviews/v2', 'match: [{headers: {end-user: {exact: jason}}}]') + to('reviews/v3'),
)

/** Routes to v1 where the match holds, else to v3. */
function matching(match: string): string {
  return virtualService('reviews', to('reviews/v1', `match: [${match}]`) + to('reviews/v3'))
}

async function served(w: World, path: string, headers: Record<string, string> = {}): Promise<string> {
  return (await w.get(`http://reviews:9080${path}`, headers)).served
}

export const matchingCases: readonly Case[] = [
  row('C001', 'a header decides, its name in any case', async (w) => {
    await w.configure(jason)
    expect(await served(w, '/', { 'End-User': 'jason' })).toBe('e2')
    expect(await served(w, '/')).toBe('e3')
  }),
  row('C002', 'header values are case-sensitive', async (w) => {
    await w.configure(jason)
    expect(await served(w, '/', { 'end-user': 'Jason' })).toBe('e3')
  }),
  row('C003', 'seed 004, tabs cleaned: header and prefix without case', async (w) => {
    await w.configure(
      virtualService(
        'reviews',
        to(
          'reviews/v2',
          'match: [{headers: {end-user: {exact: jason}}, uri: {prefix: "/ratings/v2/"}, ignoreUriCase: true}]',
        ) + to('reviews/v3'),
      ),
    )
    expect(await served(w, '/RATINGS/V2/x', { 'end-user': 'jason' })).toBe('e2')
    expect(await served(w, '/ratings/v2', { 'end-user': 'jason' })).toBe('e3')
  }),
  row('C018', 'match.port is the port of the request', async (w) => {
    const http = to('ratings', 'match: [{port: 80}]') + to('multi')
    await w.configure(virtualService('multi', http))
    expect((await w.get('http://multi/')).served).toBe('ratings')
    expect((await w.get('http://multi:8080/')).served).toBe('multi8080')
  }),
  row('C028', 'seed 002: paths of a host that is no service', async (w) => {
    await w.configure(bookinfoCom)
    expect((await w.get('http://bookinfo.com/reviews')).served).toMatch(/^e/)
    expect((await w.get('http://bookinfo.com/ratings/1')).served).toBe('ratings')
  }),
  row('C029', 'no matching rule is 404 NR with an empty body', async (w) => {
    await w.configure(bookinfoCom)
    const outcome = await w.get('http://bookinfo.com/other')
    expect([outcome.status, outcome.flags, outcome.body]).toEqual([404, 'NR', ''])
  }),
  row('C030', 'a prefix is plain text', async (w) => {
    await w.configure(matching('{uri: {prefix: /reviews}}'))
    expect(await served(w, '/reviewsX')).toBe('e1')
  }),
  row('C031', 'the first prefix wins', async (w) => {
    await w.configure(
      virtualService(
        'reviews',
        to('reviews/v1', 'match: [{uri: {prefix: /od10}}]') + to('reviews/v2', 'match: [{uri: {prefix: /od100}}]'),
      ),
    )
    expect(await served(w, '/od100')).toBe('e1')
  }),
  row('C032', 'a regex matches the whole path, without the query', async (w) => {
    await w.configure(matching('{uri: {regex: /full}}'))
    expect(await served(w, '/full/')).toBe('e3')
    expect(await served(w, '/full?x=1')).toBe('e1')
  }),
  row('C033', 'a regex may ignore case', async (w) => {
    await w.configure(matching('{uri: {regex: "(?i)/Foo.*"}}'))
    expect(await served(w, '/foobar')).toBe('e1')
  }),
  row('C035', 'ignoreUriCase does not concern regexes', async (w) => {
    await w.configure(matching('{uri: {regex: /abc}, ignoreUriCase: true}'))
    expect(await served(w, '/ABC')).toBe('e3')
  }),
  row('C037', 'the authority includes the port that the URL shows, and is case-sensitive', async (w) => {
    await w.configure(
      virtualService('t.local', to('reviews/v1', 'match: [{authority: {exact: "t.local:8080"}}]') + to('reviews/v3')),
    )
    expect((await w.get('http://t.local:8080/')).served).toBe('e1')
    // fetch does not let its caller set Host; undici's request does
    const options = { dispatcher: w.mesh.dispatcher, headers: { host: 'T.Local:8080' } }
    const response = await w.flow(request('http://t.local:8080/', options))
    expect(await w.flow(response.body.text())).toBe('e3')
  }),
  row('C039', 'an empty matcher asks for presence, an empty value is present', async (w) => {
    await w.configure(matching('{headers: {x: {}}}'))
    expect(await served(w, '/', { x: '' })).toBe('e1')
    expect(await served(w, '/')).toBe('e3')
  }),
  row('C040', 'exact "" wants the header, empty', async (w) => {
    await w.configure(matching('{headers: {x: {exact: ""}}}'))
    expect(await served(w, '/')).toBe('e3')
    expect(await served(w, '/', { x: '' })).toBe('e1')
  }),
  row('C043', 'query values are compared raw', async (w) => {
    await w.configure(matching('{queryParams: {q: {exact: "a b"}}}'))
    expect(await served(w, '/?q=a%20b')).toBe('e3')
    await w.configure(matching('{queryParams: {q: {exact: "a%20b"}}}'))
    expect(await served(w, '/?q=a%20b')).toBe('e1')
  }),
  row('C045', 'a missing parameter matches nothing, an empty one matches .*', async (w) => {
    await w.configure(matching('{queryParams: {r: {regex: ".*"}}}'))
    expect(await served(w, '/')).toBe('e3')
    expect(await served(w, '/?r')).toBe('e1')
  }),
  row('C046', 'a rule without match ends the list', async (w) => {
    await w.configure(virtualService('reviews', to('reviews/v1') + to('reviews/v2', 'match: [{uri: {prefix: /x}}]')))
    expect(await served(w, '/x')).toBe('e1')
  }),
  row('C021', 'an unknown host passes through: no retry, no timeout, its own answer', async (w) => {
    await w.configure('')
    w.answer('other', { status: 503, body: 'its own' })
    const outcome = await w.get(`${w.backend('other').url}/`)
    expect([outcome.status, outcome.body, outcome.attempts, outcome.record.cluster]).toEqual([
      503,
      'its own',
      1,
      'PassthroughCluster',
    ])
  }),
  row('C022', 'with REGISTRY_ONLY an unknown host is 502 without a network call', async (w) => {
    await w.configure('', { meshConfig: { outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' } } })
    const outcome = await w.get(`${w.backend('other').url}/`)
    expect([outcome.status, outcome.body]).toEqual([502, ''])
    expect(w.arrivals).toEqual([])
  }),
]

const bookinfoCom = virtualService(
  'bookinfo.com',
  to('reviews', 'match: [{uri: {prefix: /reviews}}]') + to('ratings', 'match: [{uri: {prefix: /ratings}}]'),
  'bookinfo',
)
