// Bookinfo's ratings as gRPC on the mesh, told step by step; `npm start -- --grpc` tells it before the rest of the story.
// The exit code is 1 when a step did not measure what was expected.
import { credentials } from '@grpc/grpc-js'
import { meshChannel } from '@proxyless/grpc'
import { createMesh } from 'proxyless'
import { documentsFor } from './documents.ts'
import { Ratings, type RatingsClient } from './messages.ts'
import { RatingsServer } from './ratings-server.ts'
import { type Stage, steps } from './story.ts'

const servers = [new RatingsServer('v1-a'), new RatingsServer('v1-b')]
await Promise.all(servers.map((server) => server.start()))
const mesh = await createMesh({
  config: documentsFor(Object.fromEntries(servers.map(({ instance, port }) => [instance, port]))),
  workload: { namespace: 'default', labels: { app: 'productpage' } },
})
const client = new Ratings('ratings:9080', credentials.createInsecure(), meshChannel(mesh)) as unknown as RatingsClient

console.log("Bookinfo's ratings by gRPC: two instances, one mesh, one client")
const good = await tell({ client, servers })
client.close()
await mesh.close()
for (const server of servers) server.stop()
process.exitCode = good ? 0 : 1

async function tell(stage: Stage): Promise<boolean> {
  let missed = 0
  for (const [index, { title, expected, run }] of steps.entries()) {
    const { measured, good } = await run(stage).catch((error: unknown) => ({ measured: String(error), good: false }))
    console.log(`\n${index + 1}. ${title}\n   expected  ${expected}\n   measured  ${measured}  ${good ? '✓' : '✗'}`)
    if (!good) missed++
  }
  console.log(`\n${steps.length - missed} of ${steps.length} steps as expected\n`)
  return missed === 0
}
