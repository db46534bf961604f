// node dist/main.js: the application and the services it calls; what the mesh makes of its calls.
import { documentsFor } from './documents.ts'
import { startApplication } from './process.ts'
import { startServices } from './services.ts'

const services = await startServices()
const application = await startApplication(documentsFor(services))
console.log(application.said().trim())
for (const path of ['/axios', '/fetch', '/grpc']) {
  for (const user of [undefined, 'jason']) {
    const answers = new Map<string, number>()
    for (let calls = 0; calls < 20; calls++) {
      const response = await fetch(application.url + path, user === undefined ? {} : { headers: { 'end-user': user } })
      const answer = `${response.status} ${await response.text()}`
      answers.set(answer, (answers.get(answer) ?? 0) + 1)
    }
    const counts = [...answers].map(([answer, count]) => `${count} x ${answer}`).join(', ')
    console.log(`${path.padEnd(6)} ${(user ?? 'anybody').padEnd(7)} ${counts}`)
  }
}
console.log(
  `the dying instances have seen ${services.dying.map(({ seen }) => seen).join(' and ')} calls before they were ejected`,
)
await application.close()
await services.close()
