// One reading for many workloads, and the documents in force as they were written.
import { expect, test } from 'vitest'
import { optionsFor } from './bookinfo.suite.ts'
import { Reader } from './reader.ts'

const entry = (name: string, spec: object = {}, metadata: object = {}): object => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'ServiceEntry',
  metadata: { name, ...metadata },
  spec: {
    hosts: [`${name}.example`],
    resolution: 'STATIC',
    ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
    endpoints: [{ address: '10.0.0.1' }],
    ...spec,
  },
})

function reader(): Reader {
  const { regex, clock } = optionsFor()
  return new Reader({ regex, clock, defaultNamespace: 'default' })
}

const text = (...documents: readonly object[]): { name: string; text: string }[] => [
  { name: 'mesh.json', text: documents.map((each) => JSON.stringify(each)).join('\n---\n') },
]

test('one reading is translated for each workload as that workload sees it', async () => {
  const it = reader()
  const reading = await it.read(text(entry('all'), entry('own', { exportTo: ['.'] }, { namespace: 'shop' })))
  const hostsOf = async (namespace: string): Promise<string[]> => {
    const { virtualHosts } = await it.translation({ namespace, labels: {} }).translate(reading)
    return virtualHosts.map(({ name }) => name)
  }
  expect(await hostsOf('shop')).toEqual(['all.example:80', 'own.example:80'])
  expect(await hostsOf('other')).toEqual(['all.example:80'])
})

test('a document without a namespace belongs to the one that is the default, whoever calls', async () => {
  const it = reader()
  const reading = await it.read(text(entry('own', { exportTo: ['.'] })))
  const config = await it.translation({ namespace: 'shop', labels: {} }).translate(reading)
  expect(config.virtualHosts).toEqual([])
  expect(await reading.documents()).toMatchObject([{ value: { metadata: { name: 'own', namespace: 'default' } } }])
})

test('documents are handed on as they were written: the last good version, those of lists, each once', async () => {
  const it = reader()
  await it.read(text(entry('a', { location: 'MESH_INTERNAL' })))
  const list = { apiVersion: 'v1', kind: 'List', items: [entry('b'), entry('c')] }
  const reading = await it.read(text(entry('a', { resolution: 'NONSENSE' }), list))
  expect(reading.problems).toMatchObject([{ code: 'INVALID_VALUE', outcome: 'kept' }])
  const documents = await reading.documents()
  expect(reading.names.map(({ kind, namespace, name }) => `${kind} ${namespace}/${name}`)).toEqual([
    'ServiceEntry default/b',
    'ServiceEntry default/c',
    'ServiceEntry default/a',
  ])
  expect(documents[2]?.value).toMatchObject({ spec: { location: 'MESH_INTERNAL', resolution: 'STATIC' } })
  const again = await it.read(text(entry('a', { location: 'MESH_EXTERNAL' }), list))
  expect((await again.documents()).map(({ value }) => value)).toMatchObject([
    { spec: { location: 'MESH_EXTERNAL' } },
    {},
    {},
  ])
  expect(again.version).not.toBe(reading.version)
})
