// Who is calling, as an application says it: what it may hold, and how it is laid over what the environment tells.
import type { Workload } from '@proxyless/istio'
import { parseLocality } from './host/workload.ts'

/** A workload in part; its locality also as Istio writes it. */
export interface WorkloadOption extends Partial<Omit<Workload, 'locality'>> {
  /** `region/zone/subzone`, the latter two optional, or its parts. */
  readonly locality?: string | LocalityOption
}

export interface LocalityOption {
  readonly region: string
  readonly zone?: string
  readonly subzone?: string
}

const texts = ['namespace', 'serviceAccount', 'cluster', 'network', 'instance']
const known = [...texts, 'labels', 'locality']
const localityParts = ['region', 'zone', 'subzone']

/** What is wrong with it, as a sentence; undefined: nothing. */
export function checkWorkload(workload: unknown): string | undefined {
  if (!isRecord(workload)) return `workload must be an object such as { namespace: 'shop' }, not ${show(workload)}`
  for (const [name, value] of Object.entries(workload)) {
    if (!known.includes(name)) return `workload has no field "${name}"; known are ${known.join(', ')}`
    if (value === undefined) continue
    if (texts.includes(name) && (typeof value !== 'string' || value === ''))
      return `workload.${name} must be text that is not empty, not ${show(value)}`
  }
  const { labels, locality } = workload
  if (labels !== undefined && !isTexts(labels))
    return `workload.labels must be an object of texts such as { app: 'reviews' }, not ${show(labels)}`
  if (locality !== undefined && !isLocality(locality))
    return `workload.locality must be 'region/zone/subzone' or { region, zone, subzone }, not ${show(locality)}`
  return undefined
}

/** What is undefined does not hide what the environment tells. */
export function readWorkload(option: WorkloadOption = {}): Partial<Workload> {
  const { locality, ...rest } = option
  const said = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined))
  if (locality === undefined) return said
  if (typeof locality === 'string') return { ...said, locality: parseLocality(locality) }
  const { region, zone = '', subzone = '' } = locality
  return { ...said, locality: { region, zone, subzone } }
}

function isLocality(value: unknown): boolean {
  if (typeof value === 'string') return /^[^/]+(\/[^/]+){0,2}$/.test(value)
  return isTexts(value) && 'region' in value && Object.keys(value).every((part) => localityParts.includes(part))
}

function isTexts(value: unknown): value is Record<string, string> {
  return isRecord(value) && Object.values(value).every((text) => typeof text === 'string')
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? String(value)
}
