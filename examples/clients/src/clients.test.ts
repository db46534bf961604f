import { createMesh, type Mesh } from 'proxyless'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { examples } from './clients/all.ts'
import { documentsFor } from './documents.ts'
import { type Instance, startInstance } from './service.ts'

let dying: Instance
let well: Instance
let mesh: Mesh

beforeAll(async () => {
  dying = await startInstance('the dying one', true)
  well = await startInstance('the other one', false)
  mesh = await createMesh({ config: documentsFor([dying.port, well.port]) })
})

afterAll(async () => {
  await mesh.close()
  await Promise.all([dying.close(), well.close()])
})

test.each(examples.map((example) => [example.name, example] as const))(
  '%s gets its answer, whichever instance is asked first',
  async (_name, { hello }) => {
    const before = dying.seen
    // of two instances in turn, a few calls meet the dying one
    for (let calls = 0; calls < 10; calls++) expect(await hello(mesh)).toBe('hello from the other one')
    expect(dying.seen).toBeGreaterThan(before)
  },
)
