// One cell of the matrix, run by one Node: `cell.mjs UNDICI before|after`, where the application loads that undici before the mesh
// is installed or after. Sends each case's name and failure to its parent.
import { strictEqual as same } from 'node:assert'
import { once } from 'node:events'
import { get } from 'node:http'
import { createMesh } from 'proxyless'
import { fetchCases, requestCases, webSocketCases } from './cases.mjs'
import { inboundCases } from './inbound-cases.mjs'
import { startServer } from './server.mjs'

const [, , undiciPath, order] = process.argv
const server = await startServer()
const early = order === 'before' ? await import(undiciPath) : undefined
const mesh = await createMesh({ config: documents(server.port), inherit: ['end-user'] })
mesh.install()
const undici = early ?? (await import(undiciPath))
const results = []

await runAll('fetch', fetchCases, { fetch: globalThis.fetch, FormData: globalThis.FormData })
await runAll('undici.fetch', fetchCases, { fetch: undici.fetch, FormData: undici.FormData })
await runAll('undici.request', requestCases, { request: undici.request })
await runAll('global', webSocketCases, { WebSocket: globalThis.WebSocket })
await runAll('undici', webSocketCases, { WebSocket: undici.WebSocket })
await runAll(
  'node:http',
  {
    async GET() {
      same(await byNodeHttp(), 'GET svc.example /n ')
    },
  },
  {},
)
await runAll('server', inboundCases, { undici })
process.send(results, () => process.exit())

async function runAll(client, cases, parts) {
  for (const [name, run] of Object.entries(cases)) {
    try {
      await run({ ...parts, server })
      results.push({ name: `${client}: ${name}` })
    } catch (error) {
      results.push({ name: `${client}: ${name}`, failure: String(error?.cause ?? error) })
    }
  }
}

async function byNodeHttp() {
  const request = get('http://svc.example/n')
  const [response] = await once(request, 'response')
  return Buffer.concat(await response.toArray()).toString()
}

function documents(port) {
  const metadata = { name: 'svc' }
  const apiVersion = 'networking.istio.io/v1'
  return [
    {
      apiVersion,
      kind: 'ServiceEntry',
      metadata,
      spec: {
        hosts: ['svc.example'],
        location: 'MESH_INTERNAL',
        resolution: 'STATIC',
        ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
        endpoints: [{ address: '127.0.0.1', ports: { http: port } }],
      },
    },
    {
      apiVersion,
      kind: 'VirtualService',
      metadata,
      spec: {
        hosts: ['svc.example'],
        http: [{ retries: { attempts: 1, retryOn: '5xx' }, route: [{ destination: { host: 'svc.example' } }] }],
      },
    },
  ]
}
