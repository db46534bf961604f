// node dist/main.js: every client calls a service of two instances, one of which is dying; the mesh retries on the other one.
import { createMesh } from 'proxyless'
import { examples } from './clients/all.ts'
import { documentsFor } from './documents.ts'
import { startInstance } from './service.ts'

const [dying, well] = await Promise.all([startInstance('the dying one', true), startInstance('the other one', false)])
const mesh = await createMesh({ config: documentsFor([dying.port, well.port]) })
for (const { name, hello } of examples) {
  for (let calls = 0; calls < 2; calls++) console.log(`${name.padEnd(22)} ${await hello(mesh)}`)
}
console.log(`the dying one has answered ${dying.seen} requests, the other one ${well.seen}`)
await mesh.close()
await Promise.all([dying.close(), well.close()])
