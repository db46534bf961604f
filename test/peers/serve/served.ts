// The control plane under test, in this process, on a directory of documents that tests write; and Bookinfo's instances as documents.
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startControlPlane } from '@proxyless/control-plane'
import { fileSource } from '@proxyless/feed'
import { processClock, regexEngine } from 'proxyless/host'

export interface Served {
  /** `127.0.0.1:port` */
  readonly xds: string
  readonly http: string
  /** Puts a document in place at once, as editors and mounts do. */
  write(name: string, text: string): Promise<void>
  nacks(): Promise<{ readonly total: number; readonly last: readonly object[] }>
  close(): Promise<void>
}

export async function serve(documents: Readonly<Record<string, string>>): Promise<Served> {
  const root = await mkdtemp(join(tmpdir(), 'proxyless-served-'))
  const write = async (name: string, text: string): Promise<void> => {
    const draft = join(root, `.${name}`)
    await writeFile(draft, text)
    await rename(draft, join(root, name))
  }
  for (const [name, text] of Object.entries(documents)) await write(name, text)
  const plane = await startControlPlane({
    documents: fileSource(root, { clock: processClock }),
    xds: '127.0.0.1:0',
    http: '127.0.0.1:0',
    clock: processClock,
    regex: regexEngine,
    pause: () => new Promise((resolve) => setImmediate(resolve)),
  })
  const http = `http://127.0.0.1:${plane.httpPort}`
  return {
    xds: `127.0.0.1:${plane.xdsPort}`,
    http,
    write,
    nacks: async () => (await (await fetch(`${http}/debug/nacks`)).json()) as Awaited<ReturnType<Served['nacks']>>,
    close: async () => {
      await plane.close()
      await rm(root, { recursive: true })
    },
  }
}

export interface Instance {
  readonly version: string
  readonly port: number
}

/** A service with its instances, called on `port`. */
export function serviceEntry(
  service: string,
  instances: readonly Instance[],
  { port, protocol = 'HTTP' }: { readonly port: number; readonly protocol?: string },
): string {
  const endpoints = instances.map((each) => ({
    address: '127.0.0.1',
    ports: { main: each.port },
    labels: { app: service, version: each.version },
  }))
  return JSON.stringify({
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: { name: service, namespace: 'default' },
    spec: {
      hosts: [`${service}.default.svc.cluster.local`],
      location: 'MESH_INTERNAL',
      resolution: 'STATIC',
      ports: [{ number: port, name: 'main', protocol }],
      endpoints,
    },
  })
}
