// A certificate authority for one test run, with the files of a server and of a client, made by the openssl command.
// For tests of TLS; without that command they are skipped, never made up.
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** As node:tls takes them. */
export interface TlsFiles {
  readonly key?: string
  readonly cert?: string
  readonly ca?: string
  readonly requestCert?: boolean
  readonly rejectUnauthorized?: boolean
}

export interface Certificates {
  /** Paths of PEM files. */
  readonly caFile: string
  readonly serverCertFile: string
  readonly serverKeyFile: string
  readonly clientCertFile: string
  readonly clientKeyFile: string
  /** For a server; with `mutual` it asks clients for a certificate and refuses those without. */
  server(options?: { mutual?: boolean }): Promise<TlsFiles>
  remove(): Promise<void>
}

const run = promisify(execFile)

/** Undefined when there is no openssl. The server's certificate is for localhost, 127.0.0.1 and `names`. */
export async function issueCertificates(names: readonly string[] = []): Promise<Certificates | undefined> {
  const directory = await mkdtemp(join(tmpdir(), 'proxyless-tls-'))
  const file = (name: string): string => join(directory, name)
  const remove = (): Promise<void> => rm(directory, { recursive: true, force: true })
  try {
    await run('openssl', ['version'])
  } catch {
    await remove()
    return undefined
  }
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  await openssl(directory, [
    'req',
    '-x509',
    ...newKey,
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-subj',
    '/CN=test authority',
  ])
  const hosts = ['localhost', ...names].map((name) => `DNS:${name}`)
  await issue(directory, 'server', [...hosts, 'IP:127.0.0.1'])
  await issue(directory, 'client', ['URI:spiffe://cluster.local/ns/default/sa/test'])
  return {
    caFile: file('ca.pem'),
    serverCertFile: file('server.pem'),
    serverKeyFile: file('server.key'),
    clientCertFile: file('client.pem'),
    clientKeyFile: file('client.key'),
    server: async ({ mutual = false } = {}) => ({
      key: await readFile(file('server.key'), 'utf8'),
      cert: await readFile(file('server.pem'), 'utf8'),
      ...(mutual && { ca: await readFile(file('ca.pem'), 'utf8'), requestCert: true, rejectUnauthorized: true }),
    }),
    remove,
  }
}

async function issue(directory: string, name: string, alternatives: readonly string[]): Promise<void> {
  await writeFile(join(directory, `${name}.ext`), `subjectAltName=${alternatives.join(',')}\n`)
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  await openssl(directory, ['req', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`])
  const authority = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2']
  const files = ['-in', `${name}.csr`, '-out', `${name}.pem`, '-extfile', `${name}.ext`]
  await openssl(directory, ['x509', '-req', ...authority, ...files])
}

async function openssl(directory: string, args: readonly string[]): Promise<void> {
  await run('openssl', [...args], { cwd: directory })
}
