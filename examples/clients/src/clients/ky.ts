// ky: a `fetch` option.
import ky from 'ky'
import type { ClientExample } from '../client-example.ts'

export const byKy: ClientExample = {
  name: 'ky',
  hello: (mesh) => ky.create({ fetch: mesh.fetch, retry: 0 }).get('http://hello.example/hello').text(),
}
