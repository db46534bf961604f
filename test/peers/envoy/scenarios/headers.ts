// SEMANTICS 3.7: header operations on requests and responses, and the formats in their values.
import { type Ask, type Scenario, scenario } from '../harness/scenario.ts'
import { direct, edit, prefix, replacePrefix, retries, to } from '../harness/words.ts'
import { cluster, forward, host, route } from '../../../kit/config.ts'

const x: Ask = { headers: ['x', 'o'] }
type Operations = Parameters<typeof edit>[0]

/** On the request and on the response, which comes with `x: o`. */
function both(says: string, operations: Operations, ...asks: Ask[]): Scenario {
  return scenario(`3.7: ${says}`, {
    routes: [to('a', { requestHeaders: edit(operations), responseHeaders: edit(operations) })],
    asks: asks.length === 0 ? [x, {}] : asks,
    answers: [{ headers: ['x', 'o'] }],
  })
}

/** Operations of the destination, then of the route. */
function levels(says: string, destination: Operations, outer: Operations): Scenario {
  const clusters = [
    { cluster: 'a', weight: 1, requestHeaders: edit(destination), responseHeaders: edit(destination) },
    { cluster: 'b', weight: 0 },
  ]
  return scenario(`3.7: ${says}`, {
    routes: [route(forward('', { clusters, requestHeaders: edit(outer), responseHeaders: edit(outer) }))],
    asks: [x, {}],
    answers: [{ headers: ['x', 'o'] }],
  })
}

export const headers: readonly Scenario[] = [
  both('set replaces or adds', { set: ['x', '1'] }),
  both('add appends a line', { add: ['x', '1'] }),
  both('remove', { remove: ['x'] }),
  both('remove, then set, then add', { remove: ['x'], set: ['x', '1', 'x', '2'], add: ['x', '3', 'x', '4'] }),
  both('the last set wins', { set: ['x', '1', 'x', '2'] }),
  both('set replaces all lines', { set: ['x', '1'] }, { headers: ['x', 'a', 'x', 'b'] }),
  both('C061: setting an empty value is skipped', { set: ['x', ''] }),
  both('adding an empty value is skipped', { add: ['x', '', 'y', ''] }),
  both('names are lower case on the wire', { set: ['x-upper', 'V'] }, { headers: ['X-Upper', 'v'] }),
  both('a removed header that is not there', { remove: ['nothing'] }),
  both('values beyond ASCII go out as UTF-8', { set: ['x', 'Müller'], add: ['y', '<%REQ(x)%> Łódź'] }),
  both('spaces inside a value stay', { set: ['x', 'a  b'] }),
  both('formats: request headers', { set: ['x-copy', '%REQ(x)%', 'x-mix', '<%REQ(x)%>', 'x-else', '%REQ(y?x)%'] }),
  both('formats: a missing header', { set: ['x-none', '%REQ(nothing)%', 'x-text', 'a%REQ(nothing)%b'] }),
  both('formats: cut to a length', { set: ['x-cut', '%REQ(x):2%'] }, { headers: ['x', 'abcdef'] }),
  both('formats: percent signs', { set: ['x-percent', '100%%', 'x-two', '%%%%'] }),
  both(
    'formats: pseudo headers',
    { set: ['x-all', '%REQ(:METHOD)% %REQ(:PATH)% %REQ(:AUTHORITY)% %REQ(:SCHEME)%'] },
    { path: '/p?q=1' },
  ),
  both('formats: the cluster', { set: ['x-cluster', '%UPSTREAM_CLUSTER%'] }),
  both('formats: the protocol', { set: ['x-protocol', '%PROTOCOL%'] }),
  both('formats see headers as the level starts', {
    remove: ['x'],
    set: ['x-was', '%REQ(x)%', 'x-a', '1', 'x-b', '%REQ(x-a)%'],
  }),
  both('several lines of a header in a format', { set: ['x-copy', '%REQ(x)%'] }, { headers: ['x', 'a', 'x', 'b'] }),
  both('cookies', { add: ['cookie', 'c=3'] }, { headers: ['cookie', 'a=1; b=2'] }),
  scenario('3.7: operations only where a header is there, or is not', {
    routes: [
      to('a', {
        requestHeaders: {
          remove: ['gone'],
          set: ['x', 'y', 'gone'].map((name) => ({ name, value: 'overwritten', when: 'present' })),
          add: ['x', 'y', 'gone', 'y'].map((name) => ({ name, value: 'added', when: 'absent' })),
        },
      }),
    ],
    asks: [x, { headers: ['gone', '1'] }, {}],
  }),
  scenario('3.7: empty values that are kept', {
    routes: [
      to('a', {
        requestHeaders: {
          remove: [],
          set: [{ name: 'x', value: '%REQ(nothing)%', keepEmpty: true }],
          add: [{ name: 'y', value: '', keepEmpty: true }],
        },
      }),
    ],
    asks: [x, {}],
  }),
  levels('the route’s set beats the destination’s', { set: ['x', 'destination'] }, { set: ['x', 'route'] }),
  levels('the route removes what the destination added', { add: ['x', '1', 'y', '1'] }, { remove: ['x', 'y'] }),
  levels('appends come in the order of levels', { add: ['x', 'destination'] }, { add: ['x', 'route'] }),
  levels('the route’s formats see what the destination did', { set: ['x', 'new'] }, { set: ['x-copy', '%REQ(x)%'] }),
  scenario('3.7: operations of one destination that is weighted', {
    routes: [
      route(forward('', { clusters: [{ cluster: 'a', weight: 1, requestHeaders: edit({ set: ['y', '1'] }) }] })),
    ],
  }),
  scenario('C064: local replies carry the route’s response operations', {
    routes: [
      to('down', { responseHeaders: edit({ set: ['x-d', 'd'] }) }, prefix('/uf')),
      to('nowhere', { responseHeaders: edit({ set: ['x-d', 'd'] }) }, prefix('/nc')),
      to('empty', { responseHeaders: edit({ set: ['x-d', 'd'] }) }, prefix('/uh')),
      direct(
        418,
        { body: 'tea', responseHeaders: edit({ set: ['x-d', 'd'], remove: ['content-type'] }) },
        prefix('/dr'),
      ),
      to('a', { responseHeaders: edit({ set: ['x-d', 'd'] }) }, prefix('/a')),
    ],
    hosts: [host(['nr.test'], [to('a', {}, prefix('/a'))])],
    clusters: () => [cluster('empty', [])],
    asks: ['/uf', '/nc', '/uh', '/dr', '/none', { host: 'nr.test', path: '/b' }],
  }),
  scenario('3.7: operations are not applied twice on retries', {
    routes: [
      to('a', {
        requestHeaders: edit({ add: ['x', 'r'] }),
        responseHeaders: edit({ add: ['x', 'r'] }),
        ...retries(['5xx']),
      }),
    ],
    answers: [{ status: 500, headers: ['x', '1'] }, { status: 500, headers: ['x', '2'] }, { headers: ['x', '3'] }],
  }),
  scenario('3.12: a request id is kept where there is one', {
    routes: [to('a')],
    asks: [{ headers: ['x-request-id', 'mine'] }, {}],
  }),
  scenario('3.12: the attempt count is the mesh’s own', {
    routes: [to('a')],
    asks: [{ headers: ['x-envoy-attempt-count', '9'] }],
  }),
  scenario('3.7: host rewrite with operations that read the host', {
    routes: [
      to('a', {
        hostRewrite: 'other',
        requestHeaders: edit({ set: ['x-host', '%REQ(HOST)%'] }),
        ...replacePrefix('/n'),
      }),
    ],
    asks: ['/x'],
  }),
]
