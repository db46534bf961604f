// `npm start`: Bookinfo on the mesh. On a terminal it stays up with a live table; piped, or with --tour, it tells the story.
// With --xds the meshes get their configuration from `proxyless serve`, and the story is the same.
// The tour's exit code is 1 when a step did not measure what was expected.
import { Application } from './stage/application.ts'
import { showTable } from './table.ts'
import { tour } from './tour/tour.ts'

const ended = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => ended.abort())

const onTour = process.argv.includes('--tour') || !process.stdout.isTTY
const application = await Application.start({ xds: process.argv.includes('--xds') })
try {
  if (onTour) await guide()
  else await showTable(application, ended.signal)
} finally {
  await application.close()
}

async function guide(): Promise<void> {
  console.log(
    `Bookinfo on a mesh without a sidecar: ${application.processCount} processes, product page at ${application.url}/productpage`,
  )
  console.log(`Metrics of its mesh for Prometheus at ${application.productpage.metricsUrl}`)
  const interrupted = new Promise<boolean>((resolve) => {
    if (ended.signal.aborted) resolve(false)
    ended.signal.addEventListener('abort', () => resolve(false), { once: true })
  })
  const good = await Promise.race([tour(application, (line) => console.log(line)), interrupted])
  process.exitCode = good ? 0 : 1
}
