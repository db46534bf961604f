import { once } from 'node:events'
import { Agent, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test, vi } from 'vitest'
import { postTo } from './post.ts'

test('what asks for a configuration is marked, so that no mesh that is installed in the process leads it', async () => {
  const server = createServer((_request, response) => response.end('{}'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const asked = vi.spyOn(
    Agent.prototype as unknown as { addRequest(request: unknown, options: object): void },
    'addRequest',
  )
  const { port } = server.address() as AddressInfo
  const { status } = await postTo(`http://127.0.0.1:${port}`, [])('/', '{}', new AbortController().signal)
  expect(status).toBe(200)
  expect(Reflect.get(asked.mock.calls[0]?.[1] ?? {}, Symbol.for('proxyless.unmeshed'))).toBe(true)
  asked.mockRestore()
  server.close()
})
