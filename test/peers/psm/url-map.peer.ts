// Scenarios of gRPC's psm-interop by their names, suite `url_map`: what routes match and what they do with calls.
import { status } from '@grpc/grpc-js'
import { expect } from 'vitest'
import { expectShare } from './harness/expect-calls.ts'
import { byHeader, type Given, on, target } from './harness/given.ts'
import type { ClientStats, Configuration, InteropClient, Method } from './harness/interop-client.ts'
import { resourcesOf, routesOf } from './harness/csds.ts'
import { scenarios } from './harness/scenarios.ts'
import { labels, type Stage } from './harness/stage.ts'

const urlMap = await scenarios('url_map')

const service = '/grpc.testing.TestService'
const qps = 25
const both: readonly Method[] = ['UnaryCall', 'EmptyCall']

// ---- what routes match: 150 calls, all of them to the right service ----

interface Matching {
  /** Conditions of the route to `alternative`, or whole routes; in documents none where they have no words for it. */
  readonly istio?: readonly object[]
  readonly xds: readonly object[]
  readonly calls: Configuration
  /** Where calls go. */
  readonly to: Readonly<Partial<Record<Method, 'svc' | 'alternative'>>>
  /** How many routes a client sees. */
  readonly routes?: number
}

const toAlternative = {
  istio: (...match: readonly object[]): object => ({ match, route: [{ destination: { host: 'alternative' } }] }),
  xds: (match: object): object => ({ match, route: { cluster: 'alternative' } }),
}

function matching(name: string, { istio, xds, calls, to, routes }: Matching): void {
  urlMap(
    name,
    async (stage) => {
      const { client } = await begin(stage, { ...(istio && { istio: { http: istio } }), xds: { routes: xds } })
      const { failures, byMethod } = await configureAndSend(client, calls, 150)
      if (routes !== undefined) expect(routesOf(await client.config())).toHaveLength(routes)
      expect(failures).toBe(0)
      const sent = Object.fromEntries(Object.entries(byMethod).map(([method, byPeer]) => [method, Object.keys(byPeer)]))
      expect(sent).toEqual(Object.fromEntries(Object.entries(to).map(([method, peer]) => [method, [peer]])))
    },
    istio === undefined ? { planes: ['go-control-plane'] } : {},
  )
}

matching('path_matching TestFullPathMatchEmptyCall', {
  istio: [toAlternative.istio({ uri: { exact: `${service}/EmptyCall` } })],
  xds: [toAlternative.xds({ path: `${service}/EmptyCall` })],
  calls: { rpc: ['EmptyCall'] },
  to: { EmptyCall: 'alternative' },
})

matching('path_matching TestFullPathMatchUnaryCall', {
  istio: [toAlternative.istio({ uri: { exact: `${service}/UnaryCall` } })],
  xds: [toAlternative.xds({ path: `${service}/UnaryCall` })],
  calls: { rpc: ['UnaryCall'] },
  to: { UnaryCall: 'alternative' },
})

matching('path_matching TestTwoRoutesAndPrefixMatch', {
  istio: [
    { match: [{ uri: { prefix: `${service}/Unary` } }], route: [{ destination: { host: 'svc' } }] },
    toAlternative.istio({ uri: { exact: `${service}/EmptyCall` } }),
  ],
  xds: [
    { match: { prefix: `${service}/Unary` }, route: { cluster: 'svc' } },
    toAlternative.xds({ path: `${service}/EmptyCall` }),
  ],
  calls: { rpc: both },
  to: { UnaryCall: 'svc', EmptyCall: 'alternative' },
})

matching('path_matching TestRegexMatch', {
  istio: [toAlternative.istio({ uri: { regex: '^\\/.*\\/UnaryCall$' } })],
  xds: [toAlternative.xds({ safe_regex: { regex: '^\\/.*\\/UnaryCall$' } })],
  calls: { rpc: ['UnaryCall'] },
  to: { UnaryCall: 'alternative' },
})

matching('path_matching TestCaseInsensitiveMatch', {
  istio: [toAlternative.istio({ uri: { exact: '/gRpC.tEsTinG.tEstseRvice/empTycaLl' }, ignoreUriCase: true })],
  xds: [toAlternative.xds({ path: '/gRpC.tEsTinG.tEstseRvice/empTycaLl', case_sensitive: false })],
  calls: { rpc: ['EmptyCall'] },
  to: { EmptyCall: 'alternative' },
})

const metadata: NonNullable<Configuration['metadata']> = [
  ['UnaryCall', 'xds_md', 'unary_yranu'],
  ['EmptyCall', 'xds_md', 'empty_ytpme'],
  ['UnaryCall', 'xds_md_numeric', '159'],
]

const header = (name: string, match: object): object =>
  toAlternative.xds({ prefix: '/', headers: [{ name, ...match }] })

matching('header_matching TestExactMatch', {
  istio: [toAlternative.istio({ headers: { xds_md: { exact: 'empty_ytpme' } } })],
  xds: [header('xds_md', { exact_match: 'empty_ytpme' })],
  calls: { rpc: ['EmptyCall'], metadata },
  to: { EmptyCall: 'alternative' },
})

matching('header_matching TestPrefixMatch', {
  istio: [toAlternative.istio({ headers: { xds_md: { prefix: 'un' } } })],
  xds: [header('xds_md', { prefix_match: 'un' })],
  calls: { rpc: ['UnaryCall'], metadata },
  to: { UnaryCall: 'alternative' },
})

matching('header_matching TestSuffixMatch', {
  istio: [toAlternative.istio({ headers: { xds_md: { regex: '.*me' } } })],
  xds: [header('xds_md', { suffix_match: 'me' })],
  calls: { rpc: ['EmptyCall'], metadata },
  to: { EmptyCall: 'alternative' },
})

matching('header_matching TestPresentMatch', {
  istio: [toAlternative.istio({ headers: { xds_md_numeric: {} } })],
  xds: [header('xds_md_numeric', { present_match: true })],
  calls: { rpc: ['UnaryCall'], metadata },
  to: { UnaryCall: 'alternative' },
})

matching('header_matching TestInvertMatch', {
  istio: [toAlternative.istio({ withoutHeaders: { xds_md: { exact: 'unary_yranu' } } })],
  xds: [header('xds_md', { exact_match: 'unary_yranu', invert_match: true })],
  calls: { rpc: both, metadata },
  to: { UnaryCall: 'svc', EmptyCall: 'alternative' },
})

matching('header_matching TestRangeMatch', {
  xds: [header('xds_md_numeric', { range_match: { start: 100, end: 200 } })],
  calls: { rpc: both, metadata },
  to: { UnaryCall: 'alternative', EmptyCall: 'svc' },
})

matching('header_matching TestRegexMatch', {
  istio: [toAlternative.istio({ headers: { xds_md: { regex: '^em.*me$' } } })],
  xds: [header('xds_md', { safe_regex_match: { regex: '^em.*me$' } })],
  calls: { rpc: ['EmptyCall'], metadata },
  to: { EmptyCall: 'alternative' },
})

// The control plane leaves out routes for other clients: in documents by the labels of the caller; a snapshot is what is left.
const [yes, no] = [labels, { fake: 'fail' }]
const emptyByHeader = { uri: { prefix: `${service}/Empty` }, headers: { xds_md: { exact: 'empty_ytpme' } } }
const toDefault = (...match: readonly object[]): object => ({ match, route: [{ destination: { host: 'svc' } }] })

matching('metadata_filter TestMetadataFilterMatchAll', {
  istio: [toDefault({ sourceLabels: no }), toAlternative.istio({ ...emptyByHeader, sourceLabels: yes })],
  xds: [toAlternative.xds({ prefix: `${service}/Empty`, headers: [{ name: 'xds_md', exact_match: 'empty_ytpme' }] })],
  calls: { rpc: ['EmptyCall'], metadata },
  to: { EmptyCall: 'alternative' },
  routes: 2,
})

matching('metadata_filter TestMetadataFilterMatchAny', {
  istio: [
    toDefault({ sourceLabels: no }),
    toAlternative.istio(
      { uri: { prefix: `${service}/Unary` }, sourceLabels: no },
      { uri: { prefix: `${service}/Unary` }, sourceLabels: yes },
    ),
  ],
  xds: [toAlternative.xds({ prefix: `${service}/Unary` })],
  calls: { rpc: ['UnaryCall'] },
  to: { UnaryCall: 'alternative' },
  routes: 2,
})

matching('metadata_filter TestMetadataFilterMatchAnyAndAll', {
  istio: [
    toDefault({ sourceLabels: { ...no, ...yes } }),
    toAlternative.istio(
      { uri: { prefix: `${service}/Unary` }, sourceLabels: no },
      { uri: { prefix: `${service}/Unary` }, sourceLabels: yes },
    ),
  ],
  xds: [toAlternative.xds({ prefix: `${service}/Unary` })],
  calls: { rpc: ['UnaryCall'] },
  to: { UnaryCall: 'alternative' },
  routes: 2,
})

matching('metadata_filter TestMetadataFilterMatchMultipleRules', {
  istio: [
    toAlternative.istio({ headers: { xds_md: { exact: 'empty_ytpme' } }, sourceLabels: yes }),
    toDefault({ uri: { prefix: `${service}/Unary` }, sourceLabels: yes }),
  ],
  xds: [
    header('xds_md', { exact_match: 'empty_ytpme' }),
    { match: { prefix: `${service}/Unary` }, route: { cluster: 'svc' } },
  ],
  calls: { rpc: ['EmptyCall'], metadata },
  to: { EmptyCall: 'alternative' },
  routes: 3,
})

// ---- what routes do with calls: how they end over some time ----

interface Ending {
  /** Of the route of UnaryCall. */
  readonly istio: object
  readonly xds: object
  /** The first calls only show that the driver and the client are at one. */
  readonly calls?: Configuration
  readonly first: number
  readonly ends: readonly (readonly [Method, status, ratio: number])[]
  readonly seconds: number
  readonly tolerance: number
}

function ending(name: string, { istio, xds, calls, first, ends, seconds, tolerance }: Ending): void {
  urlMap(name, async (stage) => {
    const path = `${service}/UnaryCall`
    const { client } = await begin(
      stage,
      {
        istio: { http: [{ match: [{ uri: { exact: path } }], route: [{ destination: { host: 'svc' } }], ...istio }] },
        xds: { routes: [unaryRoute(xds)] },
      },
      calls?.rpc ?? ['EmptyCall'],
    )
    if (calls !== undefined) await configureAndSend(client, calls, first)
    await expectShare(client, ends, { seconds, tolerance })
  })
}

/** With `route` what it does, else what filters do. */
function unaryRoute({ route = {}, ...rest }: { readonly route?: object }): object {
  return { match: { path: `${service}/UnaryCall` }, route: { cluster: 'svc', ...route }, ...rest }
}

/** In percent. */
function faults(abort: number, delay: number): Pick<Ending, 'istio' | 'xds'> {
  const percentage = (percent: number): object => ({ numerator: percent * 10_000, denominator: 'MILLION' })
  const filter = {
    '@type': 'type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault',
    abort: { http_status: 401, percentage: percentage(abort) },
    delay: { fixed_delay: '20s', percentage: percentage(delay) },
  }
  return {
    istio: {
      fault: {
        abort: { httpStatus: 401, percentage: { value: abort } },
        delay: { fixedDelay: '20s', percentage: { value: delay } },
      },
    },
    xds: { typed_per_filter_config: { 'envoy.filters.http.fault': filter } },
  }
}

const ofFaults = { first: 10, seconds: 6 }
const unary: Configuration = { rpc: ['UnaryCall'] }
const impatient: Configuration = { rpc: ['UnaryCall'], timeoutSeconds: 1 }

ending('fault_injection TestZeroPercentFaultInjection', {
  ...faults(0, 0),
  ...ofFaults,
  calls: unary,
  ends: [['UnaryCall', status.OK, 1]],
  tolerance: 0.01,
})

ending('fault_injection TestNonMatchingFaultInjection', {
  ...faults(100, 100),
  ...ofFaults,
  ends: [['EmptyCall', status.OK, 1]],
  tolerance: 0.01,
})

ending('fault_injection TestAlwaysDelay', {
  ...faults(0, 100),
  ...ofFaults,
  calls: impatient,
  ends: [['UnaryCall', status.DEADLINE_EXCEEDED, 1]],
  tolerance: 0.01,
})

ending('fault_injection TestAlwaysAbort', {
  ...faults(100, 0),
  ...ofFaults,
  calls: unary,
  ends: [['UnaryCall', status.UNAUTHENTICATED, 1]],
  tolerance: 0.01,
})

ending('fault_injection TestDelayHalf', {
  ...faults(0, 50),
  ...ofFaults,
  calls: impatient,
  ends: [['UnaryCall', status.DEADLINE_EXCEEDED, 0.5]],
  tolerance: 0.2,
})

ending('fault_injection TestAbortHalf', {
  ...faults(50, 0),
  ...ofFaults,
  calls: unary,
  ends: [['UnaryCall', status.UNAUTHENTICATED, 0.5]],
  tolerance: 0.2,
})

const ofTimeouts = {
  istio: { timeout: '3s' },
  xds: { route: { max_stream_duration: { max_stream_duration: '3s', grpc_timeout_header_max: '3s' } } },
  first: 25,
  seconds: 5,
  tolerance: 0.1,
}

ending('timeout TestTimeoutInRouteRule', {
  ...ofTimeouts,
  calls: {
    rpc: both,
    metadata: [
      ['UnaryCall', 'rpc-behavior', 'sleep-4'],
      ['EmptyCall', 'rpc-behavior', 'sleep-4'],
    ],
  },
  ends: [
    ['UnaryCall', status.DEADLINE_EXCEEDED, 1],
    ['EmptyCall', status.OK, 1],
  ],
})

ending('timeout TestTimeoutInApplication', {
  ...ofTimeouts,
  calls: { ...impatient, metadata: [['UnaryCall', 'rpc-behavior', 'sleep-2']] },
  ends: [['UnaryCall', status.DEADLINE_EXCEEDED, 1]],
})

ending('timeout TestTimeoutNotExceeded', { ...ofTimeouts, calls: unary, ends: [['UnaryCall', status.OK, 1]] })

const retries = (count: number): Omit<Ending, 'ends'> => ({
  istio: { retries: { attempts: count, retryOn: 'unavailable' } },
  xds: { route: { retry_policy: { retry_on: 'unavailable', num_retries: count } } },
  calls: { rpc: ['UnaryCall'], metadata: [['UnaryCall', 'rpc-behavior', 'succeed-on-retry-attempt-4,error-code-14']] },
  first: 10,
  seconds: 6,
  tolerance: 0.01,
})

ending('retry TestRetryUpTo3AttemptsAndFail', { ...retries(3), ends: [['UnaryCall', status.UNAVAILABLE, 1]] })

ending('retry TestRetryUpTo4AttemptsAndSucceed', { ...retries(4), ends: [['UnaryCall', status.OK, 1]] })

urlMap('csds TestBasicCsds', async (stage) => {
  const { client } = await begin(stage, {})
  const { failures } = await configureAndSend(client, { rpc: both }, 50)
  expect(failures).toBe(0)
  const config = await client.config()
  expect(config.node.id).toBe(stage.node)
  expect([...resourcesOf(config, 'Listener').keys()]).toEqual(['svc:8080'])
  expect(routesOf(config)).toHaveLength(1)
  expect([...resourcesOf(config, 'Cluster').values()]).toMatchObject([{ type: 'EDS' }])
  expect(resourcesOf(config, 'ClusterLoadAssignment').size).toBe(1)
})

// ---- which endpoint ----

const ofEmpty: NonNullable<Configuration['metadata']>[number] = ['EmptyCall', 'xds_md', 'empty_ytpme']

/** Three servers, and calls that all have the header from the start: without it they would open connections at random. */
async function beginAffinity(stage: Stage): Promise<InteropClient> {
  const servers = await Promise.all(['one', 'two', 'three'].map((name) => stage.common.server(name)))
  const { client } = await stage.begin(byHeader('xds_md', on(...servers)), {
    qps,
    rpc: 'EmptyCall',
    metadata: ofEmpty.join(':'),
  })
  const { failures, byPeer } = await configureAndSend(client, { rpc: ['EmptyCall'], metadata: [ofEmpty] }, 150)
  expect(failures).toBe(0)
  expect(Object.keys(byPeer)).toHaveLength(1)
  expect(await readySubchannels(client)).toBe(1)
  return client
}

async function readySubchannels(client: InteropClient): Promise<number> {
  return (await client.subchannels(target)).filter((state) => state === 'READY').length
}

urlMap('affinity TestHeaderBasedAffinity', async (stage) => {
  const client = await beginAffinity(stage)
  const { byPeer } = await configureAndSend(client, { rpc: both }, 150)
  expect(Object.keys(byPeer)).toHaveLength(3)
  expect(await readySubchannels(client)).toBe(3)
})

urlMap('affinity TestHeaderBasedAffinityMultipleHeaders', async (stage) => {
  const client = await beginAffinity(stage)
  const peerOf = (all: Readonly<Record<string, number>> = {}): string => Object.keys(all).join()
  for (let value = 0; value < 30; value++) {
    const metadata = [ofEmpty, ['UnaryCall', 'xds_md', String(value)] as const]
    const { byMethod } = await configureAndSend(client, { rpc: both, metadata }, 150)
    if (peerOf(byMethod.EmptyCall) !== peerOf(byMethod.UnaryCall)) break
  }
  expect(await readySubchannels(client)).toBe(2)
})

async function begin(
  stage: Stage,
  policy: Omit<Given, 'services'>,
  rpc: readonly Method[] = both,
): Promise<{ readonly client: InteropClient }> {
  const [main, alternative] = [await stage.common.server('svc'), await stage.common.server('alternative')]
  const given = { services: { svc: on(main), alternative: on(alternative) }, ...policy }
  return stage.begin(given, { qps, rpc: rpc.join() })
}

async function configureAndSend(client: InteropClient, calls: Configuration, count: number): Promise<ClientStats> {
  await client.configure(calls)
  return client.next(count)
}
