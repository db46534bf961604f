import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { findSidecar, lookForSidecar } from './sidecar.ts'

async function listening<T>(use: (port: number) => Promise<T>): Promise<T> {
  const server = createServer((socket) => void socket.destroy())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    return await use((server.address() as AddressInfo).port)
  } finally {
    server.close()
  }
}

test('an open outbound listener is a sidecar, and says so', async () => {
  await listening(async (port) => {
    const env = { PROXYLESS_SIDECAR_PORT: String(port) }
    expect(await findSidecar(env)).toBe(`127.0.0.1:${port} is open, the outbound listener of Istio's sidecar`)
    expect(await lookForSidecar(env, [])).toMatchObject({ found: true })
  })
})

test('variables and heads of responses are signs, but decide nothing', async () => {
  const port = await listening((free) => Promise.resolve(free))
  const env = { PROXYLESS_SIDECAR_PORT: String(port), ISTIO_META_INTERCEPTION_MODE: 'REDIRECT' }
  expect(await findSidecar(env)).toBeUndefined()
  expect(await lookForSidecar(env, ['responses say so'])).toEqual({
    found: false,
    signs: ['ISTIO_META_INTERCEPTION_MODE is set', 'responses say so'],
  })
})
