// One Bookinfo service as a process of its own: `node service.js NAME VERSION PORT`, told what to do by its parent over IPC.
// productpage and the reviews with stars call the others through their mesh and nothing else.
import { createMesh, type Mesh, xds, type XdsOptions } from 'proxyless'
import { details } from './services/details.ts'
import { HttpService } from './services/http-service.ts'
import type { Handler } from './services/http-service.ts'
import { meshReports } from './services/mesh-reports.ts'
import type { Order, Report } from './services/messages.ts'
import { productpage } from './services/productpage.ts'
import { ratings } from './services/ratings.ts'
import { reviews } from './services/reviews.ts'

const [name = '', version = '', port = '0'] = process.argv.slice(2)

let mesh: Mesh | undefined

const service = new HttpService(() => ({ status: 503, body: { error: 'starting' } }))
process.on('message', (order: Order) => void obey(order))
// the parent is gone: nobody needs this process any more
process.on('disconnect', () => process.exit(0))
// Ctrl-C reaches the whole group; the parent decides what it means
process.on('SIGINT', () => undefined)
report({ kind: 'listening', port: await service.listen(Number(port)) })

async function obey(order: Order): Promise<void> {
  service.obey(order)
  if (order.start !== undefined) {
    service.handler = await handlerFor(order.start)
    report({ kind: 'ready', metricsUrl: mesh?.metricsUrl })
  }
  if (order.status !== undefined) report({ kind: 'status', id: order.status, status: mesh?.status() })
}

async function handlerFor(config: string): Promise<Handler> {
  const instance = `${name}-${version}:${process.pid}`
  switch (name) {
    case 'details':
      return details
    case 'ratings':
      return ratings
    case 'reviews':
      return reviews(version, instance, version === 'v1' ? undefined : (await startMesh(config)).fetch)
    case 'productpage':
      return productpage(await startMesh(config))
    default:
      throw new Error(`no service called ${name}`)
  }
}

/** Its calls inherit who is signed in of the request they are made for. */
async function startMesh(config: string): Promise<Mesh> {
  const labels = { app: name, version }
  mesh = await createMesh({
    config: config.startsWith('xds://') ? xds({ server: config.slice('xds://'.length), node: nodeOf(labels) }) : config,
    workload: { namespace: 'default', labels },
    inherit: ['end-user'],
    observer: meshReports(report),
    metricsPort: 0,
  })
  return mesh
}

/** Who this is to a control plane; on Kubernetes the environment would say it. */
function nodeOf(labels: Readonly<Record<string, string>>): NonNullable<XdsOptions['node']> {
  const id = `sidecar~127.0.0.1~${name}-${version}-${process.pid}.default~default.svc.cluster.local`
  return { id, metadata: { NAMESPACE: 'default', LABELS: labels } }
}

function report(message: Report): void {
  if (process.connected) process.send?.(message)
}
