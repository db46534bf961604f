// ws: an agent; it would make its own connections without one. Balanced when it connects.
import { WebSocket } from 'ws'
import type { ClientExample } from '../client-example.ts'

export const byWs: ClientExample = {
  name: 'ws',
  hello: ({ httpAgent }) =>
    new Promise((resolve, reject) => {
      const socket = new WebSocket('ws://hello.example/hello', { agent: httpAgent })
      socket.on('error', reject)
      socket.on('message', (text: Buffer) => {
        resolve(text.toString())
        socket.close()
      })
    }),
}
