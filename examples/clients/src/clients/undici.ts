// undici: a dispatcher, for one request or for all.
import { request } from 'undici'
import type { ClientExample } from '../client-example.ts'

export const byUndici: ClientExample = {
  name: 'undici',
  async hello({ dispatcher }) {
    const { body } = await request('http://hello.example/hello', { dispatcher })
    return body.text()
  },
}
