// proxyless serve: the control plane as a process, until it is told to end. What it serves is packages/control-plane's.
import { hostname } from 'node:os'
import { type ControlPlane, type ControlPlaneObserver, startControlPlane } from '@proxyless/control-plane'
import { documentsOf } from '../documents-of.ts'
import { processClock } from '../host/process-clock.ts'
import { processRandom } from '../host/process-random.ts'
import { regexEngine } from '../host/regex.ts'
import { parseAddress } from './address.ts'
import { count, countsOf, formatProblem } from './problem-lines.ts'

export interface ServeOptions {
  readonly config: readonly string[]
  readonly xds: string
  readonly http: string
  readonly strict?: boolean
  readonly lines?: boolean
}

interface Output {
  readonly out: NodeJS.WritableStream
  readonly err: NodeJS.WritableStream
}

/**
 * Resolves to the exit code, 0, once `ended` aborts.
 * @throws Error for an address that cannot be listened on, and for documents that cannot be read at all
 */
export async function runServe(options: ServeOptions, { out, err }: Output, ended: AbortSignal): Promise<number> {
  const say = (line: string): void => void out.write(`${line}\n`)
  const warn = (line: string): void => void err.write(`${line}\n`)
  let told: ReadonlySet<string> = new Set()
  const plane = await start(options, {
    changed: ({ version, problems, names }) => {
      const lines = new Set(problems.map(formatProblem))
      for (const line of lines) if (!told.has(line)) warn(line)
      told = lines
      say(`${count(names.length, 'document')} in force, version ${version}: ${countsOf(problems)}`)
    },
    problem: (problem) => warn(formatProblem(problem)),
    refused: ({ client, kind, resources, message }) =>
      warn(`${client} refuses ${kind} ${resources.slice(0, shownNames).join(', ')}${more(resources)}: ${message}`),
  })
  say(`xDS on ${withPort(options.xds, plane.xdsPort)}`)
  say(
    `feed, /debug/clients, /debug/config, /debug/nacks, /ready, /metrics on http://${withPort(options.http, plane.httpPort)}`,
  )
  if (!ended.aborted) await new Promise<void>((resolve) => ended.addEventListener('abort', () => resolve()))
  await plane.close()
  return 0
}

const shownNames = 5

function more(names: readonly string[]): string {
  return names.length > shownNames ? ` and ${names.length - shownNames} more` : ''
}

async function start(options: ServeOptions, observer: ControlPlaneObserver): Promise<ControlPlane> {
  const { config, strict = false, lines = false } = options
  const [xds, http] = [parseAddress(options.xds, '--xds'), parseAddress(options.http, '--http')]
  const node = { id: `proxyless-serve-${hostname()}-${process.pid}`, namespace: 'default', labels: {} }
  const [only] = config
  const documents = documentsOf(config.length === 1 && only !== undefined ? only : config, {
    clock: processClock,
    random: processRandom(),
    node,
  })
  try {
    return await startControlPlane({
      documents,
      xds,
      http,
      strict,
      lines,
      clock: processClock,
      regex: regexEngine,
      pause: () => new Promise((resolve) => setImmediate(resolve)),
      observer,
    })
  } catch (error) {
    throw new Error(wayOut(error instanceof Error ? error.message : String(error)), { cause: error })
  }
}

/** What to do about it, where that is known. */
function wayOut(message: string): string {
  if (/EADDRINUSE/.test(message)) return `${message}; give another address by --xds HOST:PORT or --http HOST:PORT`
  if (/ENOENT/.test(message))
    return `${message}; --config names a file or directory of Istio documents, or the address of a feed`
  return message
}

function withPort(address: string, port: number): string {
  return address.replace(/:\d+$/, `:${port}`)
}
