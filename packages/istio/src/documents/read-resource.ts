// One document's data to a resource: envelope, shape, rules. Anything wrong makes it refused, with all its reasons.
import type { Problem, RegexEngine } from '@proxyless/core/spi'
import { checkAnnotations } from '../annotations/check.ts'
import { Report } from '../findings.ts'
import type { Finding } from '../findings.ts'
import { didYouMean } from '../nearest.ts'
import { applySchema } from '../schema/apply-schema.ts'
import { KINDS, isKind } from '../schema/kinds.ts'
import { isRecord } from '../schema/walk.ts'
import { expandHost } from '../scope/names.ts'
import { checkSpec } from '../validate/check-spec.ts'
import type { Chunk } from './chunk.ts'
import type { PathKey } from './path.ts'
import { problemOf } from './problem.ts'
import { resourceId } from './resource.ts'
import type { Kind, Resource } from './resource.ts'

export interface ReadOptions {
  readonly defaultNamespace: string
  readonly strict: boolean
  /** See TranslationOptions. */
  readonly fromControlPlane?: boolean
  readonly regex: RegexEngine
}

export interface Refused {
  readonly id: string
  readonly place: Chunk
  readonly problems: (outcome: Problem['outcome']) => Problem[]
}

export interface Place {
  readonly chunk: Chunk
  readonly root: readonly PathKey[]
  readonly hash: number
}

export type ReadResult =
  | { readonly kind: 'accepted'; readonly resource: Resource }
  | { readonly kind: 'refused'; readonly refused: Refused }
  /** Nothing for us; worth a word. */
  | { readonly kind: 'ignored'; readonly problem: Problem }
  /** Not even a name. */
  | { readonly kind: 'unreadable'; readonly problem: (outcome: Problem['outcome']) => Problem }

interface Envelope {
  readonly kind: Kind
  readonly name: string
  readonly namespace: string
  readonly metadata: Readonly<Record<string, unknown>>
}

/** Reasons to let calls fail rather than go out in plain text. */
const FAIL_CLOSED: ReadonlySet<string> = new Set(['TLS_ISTIO_MUTUAL', 'TLS_CREDENTIAL_NAME'])
/** Only to tell whom a refused document concerns: which domain the mesh has is not known yet. */
const usualDomain = 'cluster.local'
const ENVELOPE = new Set(['apiVersion', 'kind', 'metadata', 'spec', 'status'])

export function readResource(value: unknown, place: Place, options: ReadOptions): ReadResult {
  if (!isRecord(value)) return unreadable('document', place, '', 'the document is not a mapping with kind and metadata')
  const kind = value['kind']
  if (typeof kind !== 'string') return unreadable('document', place, '', '"kind" is missing')
  if (!isKind(kind)) return unsupported(kind, value, place)
  const metadata = isRecord(value['metadata']) ? value['metadata'] : {}
  const name = metadata['name'] ?? (kind === 'MeshConfig' ? 'mesh' : undefined)
  if (typeof name !== 'string' || name === '')
    return unreadable(kind, place, 'metadata.name', '"metadata.name" is missing')
  const namespace = typeof metadata['namespace'] === 'string' ? metadata['namespace'] : options.defaultNamespace
  return readSpec(value, { kind, name, namespace, metadata }, place, options)
}

function readSpec(value: Record<string, unknown>, envelope: Envelope, place: Place, options: ReadOptions): ReadResult {
  const { kind, namespace, name } = envelope
  const report = new Report()
  checkEnvelope(value, kind, report, options.strict)
  const annotations = texts(envelope.metadata['annotations'])
  checkAnnotations(kind, annotations, report, options.strict)
  const { fields, base } = fieldsOf(value, kind)
  const spec = applySchema<unknown>(KINDS[kind].schema, fields, base, report, options.strict)
  if (spec !== undefined) checkSpec(kind, spec as never, report, options.regex, base)
  const resource: Resource = {
    kind,
    namespace,
    name,
    id: resourceId(kind, namespace, name),
    labels: texts(envelope.metadata['labels']),
    annotations,
    ...created(envelope.metadata['creationTimestamp']),
    spec: spec as never,
    findings: toTell(report.findings, kind, options),
    failClosed: false,
    ...place,
  }
  if (!report.failed) return { kind: 'accepted', resource }
  return refuse(resource, hostsOf(fields, namespace), report.findings)
}

/** What a control plane says of the mesh it says whole: nobody has asked for all of it. */
function toTell(
  findings: readonly Finding[],
  kind: Kind,
  { fromControlPlane = false }: ReadOptions,
): readonly Finding[] {
  if (!fromControlPlane || kind !== 'MeshConfig') return findings
  return findings.filter(({ code }) => code !== 'NO_CLIENT_EFFECT' && code !== 'NOT_YET_APPLIED')
}

/** `hosts`: those its fields name, however wrong they are otherwise. */
function refuse(resource: Resource, hosts: readonly string[], findings: readonly Finding[]): ReadResult {
  const errors = findings.filter((finding) => finding.severity === 'error')
  if (resource.spec !== undefined && errors.every((finding) => FAIL_CLOSED.has(finding.code))) {
    return { kind: 'accepted', resource: { ...resource, failClosed: true } }
  }
  const problems = (outcome: Problem['outcome']): Problem[] =>
    findings.map((finding) => problemOf(finding, { ...resource, hosts }, outcome))
  return { kind: 'refused', refused: { id: resource.id, place: resource.chunk, problems } }
}

function hostsOf(fields: unknown, namespace: string): readonly string[] {
  const { host, hosts } = isRecord(fields) ? fields : {}
  return [host, ...(Array.isArray(hosts) ? (hosts as readonly unknown[]) : [])]
    .filter((name) => typeof name === 'string')
    .map((name) => expandHost(name, namespace, usualDomain))
}

function checkEnvelope(value: Record<string, unknown>, kind: Kind, report: Report, strict: boolean): void {
  const { apiVersions, fields } = KINDS[kind]
  const apiVersion = value['apiVersion']
  if (apiVersions.length > 0 && !(typeof apiVersion === 'string' && apiVersions.includes(apiVersion))) {
    const found = typeof apiVersion === 'string' ? `found "${apiVersion}"` : 'it is missing'
    report.error('API_VERSION', 'apiVersion', `apiVersion of a ${kind} is ${apiVersions.join(' or ')}; ${found}`)
  }
  if (fields !== 'spec') return
  for (const key of Object.keys(value)) {
    if (ENVELOPE.has(key)) continue
    const message = `unknown field "${key}"${didYouMean(key, [...ENVELOPE])}`
    if (strict) report.error('UNKNOWN_FIELD', key, message)
    else report.warn('UNKNOWN_FIELD', key, `${message}; it is ignored`)
  }
}

function fieldsOf(value: Record<string, unknown>, kind: Kind): { fields: unknown; base: string } {
  const { fields } = KINDS[kind]
  if (fields === 'spec' || (fields === 'either' && isRecord(value['spec']))) {
    return { fields: value['spec'] ?? {}, base: 'spec' }
  }
  const rest = { ...value }
  for (const key of ENVELOPE) delete rest[key]
  return { fields: rest, base: '' }
}

function created(timestamp: unknown): { createdMs?: number } {
  const ms = typeof timestamp === 'string' ? Date.parse(timestamp) : Number.NaN
  return Number.isNaN(ms) ? {} : { createdMs: ms }
}

function texts(value: unknown): Record<string, string> {
  if (!isRecord(value)) return {}
  return Object.fromEntries(Object.entries(value).map(([key, text]) => [key, String(text)]))
}

function unreadable(id: string, place: Place, path: string, message: string): ReadResult {
  const finding: Finding = { code: 'NOT_A_RESOURCE', severity: 'error', path, message }
  return { kind: 'unreadable', problem: (outcome) => problemOf(finding, { id, ...place }, outcome) }
}

function unsupported(kind: string, value: Record<string, unknown>, place: Place): ReadResult {
  const metadata = isRecord(value['metadata']) ? value['metadata'] : {}
  const id = [kind, metadata['name']].filter((part) => typeof part === 'string').join(' ')
  const message = `documents of kind ${kind} are not used${didYouMean(kind, Object.keys(KINDS))}`
  const finding: Finding = { code: 'UNSUPPORTED_KIND', severity: 'warning', path: 'kind', message }
  return { kind: 'ignored', problem: problemOf(finding, { id, ...place }, 'applied') }
}
