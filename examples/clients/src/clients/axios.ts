// axios by its adapter for node:http: agents.
import axios from 'axios'
import type { ClientExample } from '../client-example.ts'

export const byAxios: ClientExample = {
  name: 'axios',
  async hello({ httpAgent, httpsAgent }) {
    const client = axios.create({ adapter: 'http', httpAgent, httpsAgent })
    const { data } = await client.get<string>('http://hello.example/hello')
    return data
  },
}
