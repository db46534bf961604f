// Every document of the seeds: what it must load as, or why it must be refused.
import { readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { addressesOf, clusterOf, clustersOf, forwardOf, hostOf, optionsFor, service, slice } from './bookinfo.suite.ts'
import { check } from './mesh-source.ts'

const folder = fileURLToPath(new URL('../fixtures/seeds/', import.meta.url))
const files = readdirSync(folder).toSorted()
const read = (name: string): string => readFileSync(folder + name, 'utf8')

const services = [
  ...['reviews', 'ratings', 'my-svc'].map((name) => service('bookinfo', name, [['http', 9080]])),
  ...['v1', 'v2', 'v3'].map((version, index) => slice('bookinfo', 'reviews', version, `10.0.0.${index}`, 'http', 9080)),
].join('---\n')

/** Seeds that are not YAML documents as they stand, and the code each must be refused with. */
const REFUSED: Record<string, string> = {
  '001-03-fragment-spec.yaml': 'NOT_A_RESOURCE',
  '002-01-virtualservice-reviews.yaml': 'YAML_DUPLICATE_KEY',
  '002-07-virtualservice-ratings.yaml': 'YAML_SYNTAX',
  '003-05-virtualservice-spec.yaml': 'YAML_DOCUMENT_END',
  '004-01-virtualservice-reviews.yaml': 'YAML_TAB',
}

async function load(...names: string[]): ReturnType<typeof check> {
  const texts = names.map((name) => ({ name, text: read(name) }))
  return check([{ name: 'services.yaml', text: services }, ...texts], optionsFor())
}

describe('seeds', () => {
  test.each(files.filter((name) => !(name in REFUSED)))('%s loads without errors', async (name) => {
    const { problems } = await load(name)
    expect(problems.filter((problem) => problem.severity === 'error')).toEqual([])
  })

  test.each(Object.entries(REFUSED))('%s is refused with %s and a place', async (name, code) => {
    const { problems } = await load(name)
    const refused = problems.filter((problem) => problem.severity === 'error')
    expect(refused.map((problem) => problem.code)).toContain(code)
    expect(refused.every((problem) => problem.source === name && (problem.line ?? 0) > 0)).toBe(true)
  })

  test('C004: the TAB of seed 004 is named once, with line and column', async () => {
    const { problems } = await load('004-01-virtualservice-reviews.yaml')
    expect(problems).toMatchObject([{ code: 'YAML_TAB', line: 14, column: 1, outcome: 'void' }])
  })

  test('two documents without a --- line between them get a message that says so', async () => {
    const { problems } = await load('002-01-virtualservice-reviews.yaml')
    const problem = problems.find(({ code }) => code === 'YAML_DUPLICATE_KEY')
    expect(problem).toMatchObject({ line: 22, column: 1 })
    expect(problem?.message).toContain('`---` line is probably missing')
  })

  test('C001: the header route leads jason to v2 and the rest to v3', async () => {
    const { config } = await load('001-01-virtualservice-reviews.yaml')
    const host = hostOf(config, 'reviews.bookinfo.svc.cluster.local:9080')
    expect(clustersOf(host)).toEqual([
      'outbound|9080|v2|reviews.bookinfo.svc.cluster.local',
      'outbound|9080|v3|reviews.bookinfo.svc.cluster.local',
    ])
    expect(host.routes[0]?.match.headers).toEqual([
      { name: 'end-user', match: { kind: 'exact', value: 'jason' }, invert: false },
    ])
  })

  test('C010: a VirtualService without routes is a warning and changes nothing', async () => {
    const { config, problems } = await load('001-06-virtualservice-virtual-svc.yaml')
    expect(problems).toContainEqual(expect.objectContaining({ code: 'VS_EMPTY', severity: 'warning' }))
    expect(config.virtualHosts.some(({ name }) => name.startsWith('ext-host'))).toBe(false)
  })

  test('C024: the seed Sidecar hides other namespaces', async () => {
    const other = service('other', 'other', [['http', 80]])
    const texts = [services, other, read('001-09-sidecar-default.yaml')].map((text, index) => ({
      name: `${index}`,
      text,
    }))
    const { config } = await check(texts, optionsFor())
    expect(config.virtualHosts.some(({ name }) => name.startsWith('other.'))).toBe(false)
    expect(config.unknownHosts.kind).toBe('passthrough')
  })

  test('C029: bookinfo.com answers only its two paths, on any port', async () => {
    const { config } = await load('001-02-virtualservice-bookinfo.yaml')
    const host = hostOf(config, 'bookinfo.com')
    expect(host.port).toBeUndefined()
    expect(host.routes.map((route) => route.match.path)).toMatchObject([{ value: '/reviews' }, { value: '/ratings' }])
    expect(clustersOf(host)[0]).toBe('outbound|9080||reviews.bookinfo.svc.cluster.local')
  })

  test('C071: the seed timeout is ten seconds', async () => {
    const { config } = await load('001-10-virtualservice-ratings.yaml')
    expect(forwardOf(hostOf(config, 'ratings.bookinfo.svc.cluster.local:9080').routes[0]).timeoutMs).toBe(10_000)
  })

  test('the seed retry is warned of: its per-try timeout is not retried', async () => {
    const { config, problems } = await load('001-11-virtualservice-ratings.yaml')
    expect(problems).toContainEqual(expect.objectContaining({ code: 'RETRY_PER_TRY_NOT_RETRIED', line: 15 }))
    const { retry } = forwardOf(hostOf(config, 'ratings.bookinfo.svc.cluster.local:9080').routes[0])
    expect(retry).toMatchObject({ numRetries: 3, perTryTimeoutMs: 2000 })
  })

  test('C099: the seed breaker limits subset v1 only', async () => {
    const { config } = await load('001-12-destinationrule-reviews.yaml')
    const v1 = clusterOf(config, 'outbound|9080|v1|reviews.bookinfo.svc.cluster.local')
    expect(v1.circuitBreakers.maxConnections).toBe(100)
    expect(clusterOf(config, 'outbound|9080||reviews.bookinfo.svc.cluster.local').circuitBreakers.maxConnections).toBe(
      Infinity,
    )
  })

  test('C078: the seed delay happens to 1000 of a million', async () => {
    const { config } = await load('001-13-virtualservice-ratings.yaml')
    const { fault } = forwardOf(hostOf(config, 'ratings.bookinfo.svc.cluster.local:9080').routes[0])
    expect(fault).toEqual({ delay: { delayMs: 5000, percent: { numerator: 1000 } } })
  })

  test('C120: my-destination-rule is random, its subset v2 round robin', async () => {
    const { config } = await load('001-04-destinationrule-my-destination-rule.yaml')
    const host = 'my-svc.bookinfo.svc.cluster.local'
    expect(clusterOf(config, `outbound|9080||${host}`).loadBalancer).toEqual({ kind: 'random' })
    expect(clusterOf(config, `outbound|9080|v2|${host}`).loadBalancer).toEqual({ kind: 'roundRobin' })
    expect(clusterOf(config, `outbound|9080|v3|${host}`).loadBalancer).toEqual({ kind: 'random' })
  })

  test('C125: ext-svc is resolved by DNS and called with the client certificate', async () => {
    const { config } = await load('001-07-serviceentry-svc-entry.yaml', '001-08-destinationrule-ext-res-dr.yaml')
    const cluster = clusterOf(config, 'outbound|443||ext-svc.example.com')
    expect(cluster.discovery.kind).toBe('strictDns')
    expect(addressesOf(cluster)).toEqual(['ext-svc.example.com'])
    expect(cluster.protocol).toBe('http1')
    expect(cluster.tls).toEqual({
      caFile: '/etc/certs/rootcacerts.pem',
      certificateFile: '/etc/certs/myclientcert.pem',
      privateKeyFile: '/etc/certs/client_private_key.pem',
      subjectAltNames: [],
      verify: true,
    })
  })
})
