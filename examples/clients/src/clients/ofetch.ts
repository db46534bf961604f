// ofetch: its fetch is given when an instance is made.
import { createFetch } from 'ofetch'
import type { ClientExample } from '../client-example.ts'

export const byOfetch: ClientExample = {
  name: 'ofetch',
  hello: (mesh) => createFetch({ fetch: mesh.fetch })('http://hello.example/hello', { retry: 0, responseType: 'text' }),
}
