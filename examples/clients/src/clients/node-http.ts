// node:http itself: an `agent` option.
import { get } from 'node:http'
import type { ClientExample } from '../client-example.ts'

export const byNodeHttp: ClientExample = {
  name: 'node:http',
  hello: ({ httpAgent: agent }) =>
    new Promise((resolve, reject) => {
      get('http://hello.example/hello', { agent }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (part: string) => (text += part))
        response.on('end', () => resolve(text))
      }).on('error', reject)
    }),
}
