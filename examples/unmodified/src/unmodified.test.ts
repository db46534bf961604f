import { execSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { documentsFor } from './documents.ts'
import { type RunningApplication, startApplication } from './process.ts'
import { type Services, startServices } from './services.ts'

let services: Services
let application: RunningApplication

beforeAll(async () => {
  // it runs as it is published; `npm test` has built already
  if (process.env['PROXYLESS_BUILT'] !== '1') execSync('npm run build', { cwd: new URL('..', import.meta.url) })
  services = await startServices()
  application = await startApplication(documentsFor(services))
}, 120_000)

afterAll(async () => {
  await application?.close()
  await services?.close()
})

async function ask(path: string, headers: Record<string, string> = {}): Promise<string> {
  const response = await fetch(application.url + path, { headers })
  return `${response.status} ${await response.text()}`
}

test('the application says in one line that it is led', () => {
  expect(application.said()).toMatch(/^proxyless: leads fetch, node:http, grpc-js; \d+ virtual hosts, \d+ clusters\n$/)
})

describe.each([
  ['axios', '/axios', 'reviews', 0],
  ['fetch', '/fetch', 'reviews', 0],
  ['grpc-js', '/grpc', 'ratings', 1],
])('%s', (_client, path, service, index) => {
  test('is routed by a header', async () => {
    expect(await ask(path, { 'end-user': 'jason' })).toBe(`200 ${service} v2`)
    expect(await ask(path, { 'end-user': 'anna' })).toBe(`200 ${service} v1`)
  })

  test('never sees the dying instance, which is ejected after three errors', async () => {
    const dying = services.dying[index]
    for (let calls = 0; calls < 20; calls++) expect(await ask(path)).toBe(`200 ${service} v1`)
    expect(dying?.seen).toBe(3)
  })
})
