// superagent: an agent for each request.
import superagent from 'superagent'
import type { ClientExample } from '../client-example.ts'

export const bySuperagent: ClientExample = {
  name: 'superagent',
  async hello({ httpAgent }) {
    const { text } = await superagent.get('http://hello.example/hello').agent(httpAgent)
    return text
  },
}
