// got: agents, one for each scheme.
import { got } from 'got'
import type { ClientExample } from '../client-example.ts'

export const byGot: ClientExample = {
  name: 'got',
  hello: ({ httpAgent: http, httpsAgent: https }) =>
    got('http://hello.example/hello', { agent: { http, https }, retry: { limit: 0 } }).text(),
}
