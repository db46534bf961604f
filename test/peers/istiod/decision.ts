// What is decided about a request, in a form that two sources of configuration can be held against each other:
// explain's account, and everything the configuration says of the host and the clusters it leads to. Where a value stands is left out.
import type { Cluster, ConfigSink, ConfigSource, MeshConfig, Route } from '@proxyless/core/spi'
import { SeededRandom } from '@proxyless/core/spi'
import { createMesh, type CreateMeshOptions, type ExplainRequest, type Mesh } from 'proxyless'

export interface Decision {
  /** The cluster it leads to, or what the mesh answers itself. */
  readonly outcome: string
  /** Each begins with what it is about. */
  readonly lines: readonly string[]
}

/** A mesh, and the configuration that it has. */
export interface Watched {
  readonly mesh: Mesh
  readonly config: () => MeshConfig
}

export async function watchedMesh(source: ConfigSource, options: Partial<CreateMeshOptions> = {}): Promise<Watched> {
  let latest: MeshConfig | undefined
  const overheard: ConfigSource = {
    start: (sink: ConfigSink) =>
      source.start({
        config: (config) => {
          latest = config
          sink.config(config)
        },
        problem: (problem) => sink.problem(problem),
      }),
    close: () => source.close(),
  }
  const mesh = await createMesh({ ...options, config: overheard, random: new SeededRandom(7) })
  return {
    mesh,
    config: () => {
      if (latest === undefined) throw new Error('a mesh that is ready has a configuration')
      return latest
    },
  }
}

export function decisionOn(request: ExplainRequest, { mesh, config }: Watched): Decision {
  const { steps, outcome } = mesh.explain(request)
  const claimed = /is claimed by (.*)$/.exec(steps.find(({ what }) => what === 'host')?.text ?? '')?.[1]
  const host = config().virtualHosts.find(({ name }) => name === claimed)
  const clusters = [...config().clusters.values()].filter(({ name }) => steps.some(({ text }) => text.includes(name)))
  const end = outcome.answer ?? outcome.cluster ?? ''
  const lines = [
    `outcome: ${end} by route ${JSON.stringify(outcome.route ?? '')}`,
    ...steps.filter(({ what }) => !chosenByChance.has(what)).map(({ what, text }) => `${what}: ${said(text)}`),
    ...(host?.routes ?? []).flatMap(routeLines),
    ...clusters.toSorted((a, b) => (a.name < b.name ? -1 : 1)).flatMap(policiesOf),
  ]
  return { outcome: end, lines }
}

/** The clusters' lines say who is a candidate; the order they have, and so the draw, is nobody's promise. */
const chosenByChance = new Set(['candidate', 'endpoint', 'refused'])

/** Without what the next draw falls on, and without the place where a rule stands. */
function said(text: string): string {
  return text.replace(/; the next draw falls on .*/, '').replace(/^\S+\[\d+\] (?="|matches|does)/, '')
}

function routeLines({ name, match, action, statPrefix }: Route, index: number): string[] {
  const parts = Object.entries({ name, match, statPrefix, ...action }).filter(([, value]) => value !== undefined)
  return parts.map(([key, value]) => `route ${index} ${key}: ${plain(value)}`)
}

function policiesOf({ name, discovery, ...cluster }: Cluster): string[] {
  const { origin: _, origins: __, service: ___, panicThreshold, ...others } = cluster
  // who has no endpoints cannot panic
  const policies = 'endpoints' in discovery ? { ...others, panicThreshold } : others
  return [
    ...Object.entries(policies).map(([key, value]) => `cluster ${name} ${key}: ${plain(value)}`),
    ...endpointsOf(name, discovery),
  ]
}

function endpointsOf(name: string, discovery: Cluster['discovery']): string[] {
  if (!('endpoints' in discovery)) return [`cluster ${name} discovery: ${plain(discovery)}`]
  const lines = discovery.endpoints.map(({ address, port, weight, health, locality, priority }) => {
    const place = [locality.region, locality.zone, locality.subzone].join('/')
    return `cluster ${name} endpoint: ${address}:${port} weight ${weight}, ${health}, ${place}, priority ${priority}`
  })
  return [`cluster ${name} discovery: ${discovery.kind}`, ...lines.toSorted()]
}

/** JSON with sorted keys; what is not there and what is undefined are the same. */
function plain(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => {
    if (each === Infinity) return 'Infinity'
    if (typeof each !== 'object' || each === null || Array.isArray(each)) return each
    return Object.fromEntries(Object.entries(each).toSorted(([a], [b]) => (a < b ? -1 : 1)))
  })
}

/** What the one says and the other does not: `- ` ours, `+ ` theirs. */
export function differences(ours: Decision, theirs: Decision): string[] {
  return [
    ...missing(ours.lines, theirs.lines).map((line) => `- ${line}`),
    ...missing(theirs.lines, ours.lines).map((line) => `+ ${line}`),
  ]
}

function missing(from: readonly string[], at: readonly string[]): string[] {
  const count = (lines: readonly string[], line: string): number => lines.filter((each) => each === line).length
  return [...new Set(from.filter((line) => count(from, line) > count(at, line)))]
}
