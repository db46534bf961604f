// Configurations that no document could make come back from xDS as well.
import type { MeshConfig, RouteAction } from '@proxyless/core/spi'
import fc from 'fast-check'
import { test } from 'vitest'
import { configArb } from './arbitrary-configs.ts'
import { expectApiReturns, expectSidecarReturns } from './law.ts'

test('a generated configuration comes back from the sidecar dialect', () =>
  fc.assert(fc.asyncProperty(configArb, expectSidecarReturns), { numRuns: 100 }))

test('a generated configuration comes back from the api dialect', () =>
  fc.assert(fc.asyncProperty(configArb, expectApiReturns), { numRuns: 100 }))

test('what gRPC has no words for comes back from the sidecar dialect', () =>
  fc.assert(fc.asyncProperty(configArb.map(withEnvoysWords), expectSidecarReturns), { numRuns: 20 }))

/** Clusters that a header names, and hosts that the endpoint says. */
function withEnvoysWords(config: MeshConfig): MeshConfig {
  const virtualHosts = config.virtualHosts.map((host) => ({
    ...host,
    routes: host.routes.map((route) => ({ ...route, action: renamed(route.action) })),
  }))
  return { ...config, virtualHosts }
}

function renamed(action: RouteAction): RouteAction {
  if (action.kind !== 'forward') return action
  const clusters = action.clusters.map((each) => ({ ...each, cluster: '', clusterHeader: 'x-cluster' }))
  return { ...action, clusters, hostRewrite: { kind: 'endpoint' } }
}
