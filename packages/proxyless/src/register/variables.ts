// The variables PROXYLESS_* that set what an application without a line of code cannot: each names an option and how it is read.
import { parse } from 'yaml'
import { codeOptions, switches } from '../options.ts'
import { Wrong } from './wrong.ts'

export interface Variable {
  readonly name: string
  /** The option of createMesh, or `mode`, `install`. */
  readonly option: string
  /** @throws Wrong for a text that is none */
  readonly read: (text: string) => unknown
}

const prefix = 'PROXYLESS_'

export const variables: readonly Variable[] = [
  variable('config', (text) => {
    const parts = text.split(',').map((part) => part.trim())
    return parts.length === 1 ? parts[0] : parts.filter((part) => part !== '')
  }),
  variable('mode', (text) => text),
  variable('install', list),
  variable('inherit', list),
  variable('overrides', list),
  variable('compat', (text) => (text.startsWith('{') ? object(text) : text)),
  variable('localReply', (text) => text),
  variable('maxReplayBytes', Number),
  variable('accessLog', (text) => text),
  variable('metricsPort', Number),
  variable('otel', (text) => (text.startsWith('{') ? object(text) : truth(text))),
  variable('workload', object),
  variable('meshConfig', object),
  ...switches.map((name) => variable(name, truth)),
]

/** Read elsewhere, or by the settings themselves. */
const others = ['PROXYLESS_FILE', 'PROXYLESS_LOCALITY', 'PROXYLESS_LABELS_FILE', 'PROXYLESS_SIDECAR_PORT']

/** Those that mean nothing, a typing error perhaps. Kubernetes makes some of its own where a service is called proxyless. */
export function unknownVariables(env: Readonly<Record<string, string | undefined>>): string[] {
  const known = new Set([...variables.map(({ name }) => name), ...others])
  return Object.keys(env).filter(
    (name) => name.startsWith(prefix) && !known.has(name) && !/^PROXYLESS_(SERVICE|PORT)(_|$)/.test(name),
  )
}

/** `localReply` is set by PROXYLESS_LOCAL_REPLY. */
function variable(option: string, read: (text: string) => unknown): Variable {
  if (codeOptions.includes(option)) throw new TypeError(`${option} is set by code only`)
  return { name: prefix + option.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase(), option, read }
}

const truths: Readonly<Record<string, boolean>> = { true: true, on: true, 1: true, false: false, off: false, 0: false }

function truth(text: string): boolean | string {
  return truths[text.toLowerCase()] ?? text
}

function list(text: string): string[] {
  return text.split(',').map((part) => part.trim())
}

/** YAML in braces is JSON too. */
function object(text: string): unknown {
  try {
    return parse(text) as unknown
  } catch (cause) {
    throw new Wrong(`is not a YAML or JSON object: ${text}`, { cause })
  }
}
