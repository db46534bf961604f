// One Bookinfo service as a process of its own: `node service.js NAME VERSION PORT`, told what to do by its parent over IPC.
// productpage and the reviews with stars call the others through their mesh and nothing else.
import { createMesh } from 'proxyless'
import { details } from './services/details.ts'
import { HttpService } from './services/http-service.ts'
import type { Handler } from './services/http-service.ts'
import { meshReports } from './services/mesh-reports.ts'
import type { Order, Report } from './services/messages.ts'
import { productpage } from './services/productpage.ts'
import { ratings } from './services/ratings.ts'
import { reviews } from './services/reviews.ts'
import type { MeshFetch } from './services/reviews.ts'

const [name = '', version = '', port = '0'] = process.argv.slice(2)
const meshDirectory = process.env['BOOKINFO_MESH'] ?? ''

let mesh: Awaited<ReturnType<typeof createMesh>> | undefined

const service = new HttpService(() => ({ status: 503, body: { error: 'starting' } }))
process.on('message', (order: Order) => void obey(order))
// the parent is gone: nobody needs this process any more
process.on('disconnect', () => process.exit(0))
// Ctrl-C reaches the whole group; the parent decides what it means
process.on('SIGINT', () => undefined)
report({ kind: 'listening', port: await service.listen(Number(port)) })

async function obey(order: Order): Promise<void> {
  service.obey(order)
  if (order.start === true) {
    service.handler = await handlerFor()
    report({ kind: 'ready' })
  }
  if (order.status !== undefined) report({ kind: 'status', id: order.status, status: mesh?.status() })
}

async function handlerFor(): Promise<Handler> {
  const instance = `${name}-${version}:${process.pid}`
  switch (name) {
    case 'details':
      return details
    case 'ratings':
      return ratings
    case 'reviews':
      return reviews(version, instance, version === 'v1' ? undefined : await meshFetch())
    case 'productpage':
      return productpage(await meshFetch())
    default:
      throw new Error(`no service called ${name}`)
  }
}

async function meshFetch(): Promise<MeshFetch> {
  const created = await createMesh({
    config: meshDirectory,
    workload: { namespace: 'default', labels: { app: name, version } },
    observer: meshReports(report),
  })
  mesh = created
  return (url, init) => created.fetch(url, init)
}

function report(message: Report): void {
  if (process.connected) process.send?.(message)
}
