// node-fetch: an `agent` option.
import type { Agent } from 'node:http'
import fetch from 'node-fetch'
import type { ClientExample } from '../client-example.ts'

export const byNodeFetch: ClientExample = {
  name: 'node-fetch',
  async hello({ httpAgent, httpsAgent }) {
    const agent = ({ protocol }: URL): Agent => (protocol === 'https:' ? httpsAgent : httpAgent)
    const response = await fetch('http://hello.example/hello', { agent })
    return response.text()
  },
}
