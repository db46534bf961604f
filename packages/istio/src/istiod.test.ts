// The same documents given to a real istiod (fixtures/istiod, sidecar flavour) must mean the same routes here.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { ForwardAction, Route } from '@proxyless/core/spi'
import { check } from './mesh-source.ts'
import { hostOf, optionsFor } from './bookinfo.suite.ts'

interface EnvoyMatcher {
  name: string
  stringMatch?: { exact?: string; safeRegex?: { regex: string } }
  presentMatch?: boolean
  invertMatch?: boolean
}

interface EnvoyRoute {
  name: string
  match: { prefix?: string; path?: string; headers?: EnvoyMatcher[]; queryParameters?: EnvoyMatcher[] }
  route?: {
    cluster?: string
    weightedClusters?: { clusters: { name: string; weight: number }[] }
    prefixRewrite?: string
    timeout: string
    maxGrpcTimeout: string
    retryPolicy?: {
      retryOn: string
      numRetries: number
      perTryTimeout?: string
      retryHostPredicate?: unknown[]
      retriableStatusCodes?: number[]
    }
    requestMirrorPolicies?: { cluster: string; runtimeFraction: { defaultValue: { numerator: number } } }[]
    hashPolicy?: { header: { headerName: string } }[]
  }
}

const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../fixtures/istiod/${name}`, import.meta.url), 'utf8'))

test('routes are those that a real istiod sends', async () => {
  const texts = [{ name: 'documents.json', text: JSON.stringify(read('documents.json')) }]
  const { config, problems } = await check(texts, optionsFor({ workload: { namespace: 'default', labels: {} } }))
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([])
  const tables = read('envoy-rds.json') as {
    virtualHosts: { name: string; domains: string[]; routes: EnvoyRoute[] }[]
  }[]
  const theirs = tables.flatMap((table) => table.virtualHosts).filter(({ name }) => name !== 'allow_any')
  expect(theirs).toHaveLength(4)
  for (const host of theirs) {
    const ours = hostOf(config, host.name)
    expect(ours.domains).toEqual(host.domains)
    expect(ours.routes.map(ourWords)).toEqual(host.routes.map(theirWords))
  }
})

function ourWords({ name, match, action }: Route): unknown {
  const { path } = match
  return {
    name,
    path: `${path.kind} ${path.value}`,
    headers: match.headers.map((header) => `${header.invert ? '!' : ''}${header.name} ${header.match.kind}`),
    query: match.queryParameters.map((parameter) => `${parameter.name} ${parameter.match.kind}`),
    ...(action.kind === 'forward' ? ourForward(action) : {}),
  }
}

function ourForward(action: ForwardAction): object {
  const { retry } = action
  const [only] = action.clusters
  const single = action.clusters.length === 1
  return {
    clusters: action.clusters.map(({ cluster, weight }) => (single ? only?.cluster : `${cluster} ${weight}`)),
    rewrite: action.rewrite?.kind === 'prefix' ? action.rewrite.value : undefined,
    timeouts: [action.timeoutMs, action.maxGrpcTimeoutMs],
    retry: [
      retry?.retryOn.join(),
      retry?.numRetries,
      retry?.perTryTimeoutMs,
      retry?.avoidPreviousHosts,
      retry?.retriableStatusCodes,
    ],
    mirrors: action.mirrors.map(({ cluster, percent }) => [cluster, percent.numerator]),
    hash: action.hashPolicies.map((policy) => (policy.kind === 'header' ? policy.name : policy.kind)),
  }
}

function theirWords({ name, match, route }: EnvoyRoute): unknown {
  return {
    name,
    path: match.path === undefined ? `prefix ${match.prefix}` : `exact ${match.path}`,
    headers: (match.headers ?? []).map(
      (header) => `${header.invertMatch === true ? '!' : ''}${header.name} ${kindOf(header)}`,
    ),
    query: (match.queryParameters ?? []).map((parameter) => `${parameter.name} ${kindOf(parameter)}`),
    ...(route === undefined ? {} : theirForward(route)),
  }
}

function theirForward(route: NonNullable<EnvoyRoute['route']>): object {
  const retry = route.retryPolicy
  const ms = (duration: string | undefined): number | undefined =>
    duration === undefined ? undefined : parseFloat(duration) * 1000
  return {
    clusters: route.weightedClusters?.clusters.map(({ name, weight }) => `${name} ${weight}`) ?? [route.cluster],
    rewrite: route.prefixRewrite,
    timeouts: [ms(route.timeout), ms(route.maxGrpcTimeout)],
    retry: [
      retry?.retryOn,
      retry?.numRetries,
      ms(retry?.perTryTimeout),
      retry?.retryHostPredicate !== undefined,
      retry?.retriableStatusCodes ?? [],
    ],
    mirrors: (route.requestMirrorPolicies ?? []).map((mirror) => [
      mirror.cluster,
      mirror.runtimeFraction.defaultValue.numerator,
    ]),
    hash: (route.hashPolicy ?? []).map(({ header }) => header.headerName),
  }
}

function kindOf(matcher: EnvoyMatcher): string {
  return matcher.presentMatch === true ? 'present' : matcher.stringMatch?.safeRegex === undefined ? 'exact' : 'regex'
}
