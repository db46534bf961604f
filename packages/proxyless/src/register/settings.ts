// What an application without a line of code has said: a file and variables, of which a variable wins. Checked here, with the place of what is wrong.
import { existsSync } from 'node:fs'
import { dirname, isAbsolute, join, relative, resolve } from 'node:path'
import { feed } from '@proxyless/feed'
import type { XdsOptions } from '@proxyless/xds'
import { complaintOf, type CreateMeshOptions } from '../options.ts'
import { xds } from '../xds.ts'
import { readSettingsFile } from './settings-file.ts'
import { unknownVariables, variables } from './variables.ts'
import { Wrong } from './wrong.ts'

export interface Setting {
  readonly option: string
  readonly value: unknown
  /** `proxyless.yaml:3:1` or the name of a variable. */
  readonly place: string
}

export interface Settings {
  readonly mode: 'off' | 'observe' | 'enforce'
  /** What is to be taken in. */
  readonly install: Readonly<Record<(typeof parts)[number], boolean>>
  readonly options: CreateMeshOptions
  /** What is told and ignored. */
  readonly remarks: readonly string[]
}

export interface Place {
  readonly env: Readonly<Record<string, string | undefined>>
  /** The directory that paths start from. */
  readonly directory: string
}

/** What a file may hold; the rest of createMesh's options can be set by code only. */
const known = variables.map(({ option }) => option)

const modes = ['off', 'observe', 'enforce'] as const
const parts = ['fetch', 'http', 'grpc'] as const

/** @throws Wrong naming file and line, or the variable, of what is wrong; or what is missing */
export function readSettings({ env, directory }: Place): Settings {
  const said = new Map<string, Setting>()
  for (const setting of [...fromFile(env, directory), ...fromVariables(env)]) said.set(setting.option, setting)
  const remarks = unknownVariables(env).map((name) => `${name} is not a variable of proxyless and is ignored`)
  const mode = modeOf(said.get('mode'))
  const install = installOf(said.get('install'))
  said.delete('mode')
  said.delete('install')
  const options: Record<string, unknown> = {}
  for (const { option, value, place } of said.values()) {
    const complaint = known.includes(option)
      ? complaintOf(option, value)
      : `unknown option "${option}"; known are ${known.join(', ')}`
    if (complaint !== undefined) throw new Wrong(`${place}: ${complaint}`)
    options[option] = value
  }
  if (options['config'] === undefined && mode !== 'off') {
    throw new Wrong(
      'nothing says where the documents of the mesh are: set PROXYLESS_CONFIG, or `config` in proxyless.yaml',
    )
  }
  return { mode, install, options: options as unknown as CreateMeshOptions, remarks }
}

function fromFile(env: Place['env'], directory: string): Setting[] {
  const named = env['PROXYLESS_FILE'] || undefined
  const path = join(directory, 'proxyless.yaml')
  if (named === undefined && !existsSync(path)) return []
  const file = named === undefined ? path : isAbsolute(named) ? named : join(directory, named)
  if (!existsSync(file)) throw new Wrong(`PROXYLESS_FILE: ${named} does not exist`)
  return readSettingsFile(file, relative(directory, file)).map((setting) =>
    setting.option === 'config' ? { ...setting, value: located(setting, dirname(file)) } : setting,
  )
}

function fromVariables(env: Place['env']): Setting[] {
  return variables.flatMap(({ name, option, read }) => {
    const text = env[name]
    if (text === undefined || text === '') return []
    try {
      return [{ option, value: read(text), place: name }]
    } catch (error) {
      if (error instanceof Wrong) throw new Wrong(`${name}: ${error.message}`)
      throw error
    }
  })
}

/** Paths of a file, a feed's cache and a control plane's certificates too, start where it stands; `feed:` and `xds:` are what the functions of that name make. */
function located({ value, place }: Setting, directory: string): unknown {
  if (Array.isArray(value))
    return value.map((part: unknown) => located({ option: 'config', value: part, place }, directory))
  if (typeof value === 'string') return isPath(value) ? join(directory, value) : value
  if (typeof value !== 'object' || value === null || 'kind' in value) return value
  const { feed: ofFeed, xds: ofXds } = value as {
    readonly feed?: Parameters<typeof feed>[0]
    readonly xds?: XdsOptions
  }
  try {
    if (ofXds !== undefined && ofFeed === undefined) return xds(withFiles(ofXds, directory))
    if (ofFeed === undefined) return value
    const { cache } = ofFeed
    return feed(typeof cache === 'string' && cache !== '' ? { ...ofFeed, cache: resolve(directory, cache) } : ofFeed)
  } catch (error) {
    throw new Wrong(`${place}: config: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function withFiles(options: XdsOptions, directory: string): XdsOptions {
  const { credentials } = options
  if (typeof credentials !== 'object' || credentials === null) return options
  const files = Object.entries(credentials).map(([name, path]) => [
    name,
    name.endsWith('File') && typeof path === 'string' ? resolve(directory, path) : path,
  ])
  return { ...options, credentials: Object.fromEntries(files) as typeof credentials }
}

function isPath(text: string): boolean {
  return !isAbsolute(text) && !/^[a-z]+:\/\//i.test(text) && !text.includes('\n')
}

function modeOf(setting: Setting | undefined): Settings['mode'] {
  if (setting === undefined) return 'enforce'
  // YAML 1.1 reads `off` as false
  const { value, place } = setting
  const mode = value === false ? 'off' : modes.find((known) => known === value)
  if (mode === undefined) throw new Wrong(`${place}: mode must be ${modes.join(', ')}, not ${JSON.stringify(value)}`)
  return mode
}

function installOf(setting: Setting | undefined): Settings['install'] {
  if (setting === undefined) return { fetch: true, http: true, grpc: true }
  const { value, place } = setting
  const wanted: unknown[] = Array.isArray(value) ? value : [value]
  const wrong = wanted.find((part) => !parts.includes(part as never))
  if (wrong !== undefined) {
    throw new Wrong(`${place}: install must be a list of ${parts.join(', ')}, not ${JSON.stringify(wrong)}`)
  }
  return { fetch: wanted.includes('fetch'), http: wanted.includes('http'), grpc: wanted.includes('grpc') }
}
