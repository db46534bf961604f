// One Envoy process over a static bootstrap: started, asked for its ports, and stopped. Refusals come with its reason.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { request } from 'undici'
import { until } from '../../../kit/until.ts'
import { bootstrapOf, type Listening } from '../translate/bootstrap.ts'
import { AccessLog } from './access-log.ts'

const startTimeoutMs = 60_000

export interface Envoy {
  readonly log: AccessLog
  /** The loopback port of a listener. */
  port(listener: string): number
  close(): Promise<void>
}

/** @throws Error with what Envoy says against the configuration */
export async function startEnvoy(binary: string, listening: readonly Listening[]): Promise<Envoy> {
  const directory = await mkdtemp(join(tmpdir(), 'proxyless-envoy-'))
  const file = (name: string): string => join(directory, name)
  await writeFile(file('envoy.json'), JSON.stringify(bootstrapOf(listening, file('access.log'))))
  const flags = [
    '--concurrency',
    '1',
    '--disable-hot-restart',
    '--log-level',
    'error',
    '--file-flush-interval-msec',
    '20',
  ]
  const args = ['-c', file('envoy.json'), '--admin-address-path', file('admin'), ...flags]
  const child = spawn(binary, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const stop = (): void => void child.kill('SIGKILL')
  process.once('exit', stop)
  const log = new AccessLog(file('access.log'))
  const close = async (): Promise<void> => {
    await ended(child)
    process.off('exit', stop)
    await log.close()
    await rm(directory, { recursive: true, force: true })
  }
  try {
    const ports = await portsOf(child, file('admin'))
    return { log, port: (name) => ports.get(name) ?? unknown(name), close }
  } catch (error) {
    await close()
    throw error
  }
}

function unknown(name: string): never {
  throw new Error(`no listener ${name}`)
}

interface Listeners {
  readonly listener_statuses: readonly {
    readonly name: string
    readonly local_address: { readonly socket_address: { readonly port_value: number } }
  }[]
}

async function portsOf(child: ChildProcess, adminFile: string): Promise<ReadonlyMap<string, number>> {
  let complaint = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(-4_000)
  })
  let admin = ''
  await until(async () => {
    if (child.exitCode !== null) return
    admin = await readFile(adminFile, 'utf8')
    const { statusCode, body } = await request(`http://${admin}/ready`)
    await body.dump()
    return statusCode === 200
  }, startTimeoutMs)
  if (child.exitCode !== null) throw new Error(`Envoy does not start: ${complaint}`)
  const { body } = await request(`http://${admin}/listeners?format=json`)
  const { listener_statuses } = (await body.json()) as Listeners
  return new Map(listener_statuses.map(({ name, local_address }) => [name, local_address.socket_address.port_value]))
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  await new Promise((resolve) => {
    child.once('exit', resolve)
    child.kill('SIGKILL')
  })
}
