// Whether a sidecar stands between this process and the network: it would route and retry what the mesh has routed and retried.
import { connect } from 'node:net'

export interface Sidecar {
  /** True when a port is open that only a sidecar's outbound listener has. */
  readonly found: boolean
  /** What speaks for one, sentences. */
  readonly signs: readonly string[]
}

interface Port {
  readonly port: number
  readonly what: string
  /** Open only where calls are redirected to it. */
  readonly decides: boolean
}

/** @param env may name another port for Istio's outbound listener, as its `proxyListenPort` does */
const portsOf = (env: NodeJS.ProcessEnv): readonly Port[] => [
  {
    port: Number(env['PROXYLESS_SIDECAR_PORT'] || 15_001),
    what: "the outbound listener of Istio's sidecar",
    decides: true,
  },
  { port: 4140, what: "the outbound listener of Linkerd's proxy", decides: true },
  { port: 15_021, what: "the health port of Istio's sidecar or agent", decides: false },
]

/** Set in containers that a mesh has prepared; the agent for proxyless gRPC sets some of them too. */
const variables = [
  'ISTIO_META_INTERCEPTION_MODE',
  'ISTIO_META_WORKLOAD_NAME',
  'PILOT_CERT_PROVIDER',
  'LINKERD_AWAIT_DISABLED',
]

/** A connection to the own host is made or refused at once; a filter that drops it would not say so. */
const patienceMs = 250

/** Asks the ports that decide; for a mesh that starts. */
export async function findSidecar(env: NodeJS.ProcessEnv = process.env): Promise<string | undefined> {
  const found = await Promise.all(
    portsOf(env)
      .filter(({ decides }) => decides)
      .map(async (each) => ({ each, open: await isOpen(each.port) })),
  )
  const [first] = found.filter(({ open }) => open)
  return first === undefined ? undefined : signOf(first.each)
}

/** @param heads what the heads of responses have told */
export async function lookForSidecar(env: NodeJS.ProcessEnv, heads: readonly string[]): Promise<Sidecar> {
  const ports = portsOf(env)
  const open = await Promise.all(ports.map(({ port }) => isOpen(port)))
  const here = ports.filter((_port, index) => open[index])
  const set = variables.filter((name) => env[name] !== undefined)
  return {
    found: here.some(({ decides }) => decides),
    signs: [...here.map(signOf), ...set.map((name) => `${name} is set`), ...heads],
  }
}

function signOf({ port, what }: Port): string {
  return `127.0.0.1:${port} is open, ${what}`
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: patienceMs })
    const end = (open: boolean): void => {
      socket.destroy()
      resolve(open)
    }
    socket.once('connect', () => end(true))
    socket.once('error', () => end(false))
    socket.once('timeout', () => end(false))
  })
}
