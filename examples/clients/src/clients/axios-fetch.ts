// axios by its fetch adapter.
import axios from 'axios'
import type { ClientExample } from '../client-example.ts'

export const byAxiosFetch: ClientExample = {
  name: 'axios, fetch adapter',
  async hello(mesh) {
    const client = axios.create({ adapter: 'fetch', env: { fetch: mesh.fetch } })
    const { data } = await client.get<string>('http://hello.example/hello')
    return data
  },
}
