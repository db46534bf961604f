// What istiod 1.31 sent for documents that were applied to its API server, byte by byte, and the documents that it must be again.
import { readFileSync } from 'node:fs'
import { BinaryWriter } from '@bufbuild/protobuf/wire'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DOCUMENT_KINDS, type DocumentKind } from '../stream/kinds.ts'
import { documentReader, type DocumentResource } from './read-document.ts'

interface Recorded {
  readonly kind: DocumentKind
  readonly bytes: string
  readonly name: string
  readonly document: object
}

const recorded = JSON.parse(
  readFileSync(new URL('../../fixtures/istiod-documents.json', import.meta.url), 'utf8'),
) as readonly Recorded[]

const read = (kind: DocumentKind, bytes: Uint8Array): DocumentResource => {
  const decoded = documentReader('istiod:15010')(kind, bytes)
  if (!decoded.ok) throw new Error(decoded.error)
  return decoded.value as DocumentResource
}

test.each(recorded)('$kind $name is the document that was applied', ({ kind, bytes, name, document }) => {
  const value = read(kind, Buffer.from(bytes, 'base64'))
  expect(value.name).toBe(name)
  expect(value.notes).toEqual([])
  expect(JSON.parse(value.text.text)).toEqual(document)
})

test('its text has a place for people: the server, the kind and the name', () => {
  const { bytes } = recorded.find(({ kind }) => kind === 'Sidecar')!
  expect(read('Sidecar', Buffer.from(bytes, 'base64')).text.name).toBe('xds://istiod:15010/Sidecar/bookinfo/default')
})

describe('of enums the first value is said where nothing was set', () => {
  test('of a message, of those in lists, and of those in one another', () => {
    const bytes = envelope('ns/name', 'ServiceEntry', message([1, 'a.test']))
    expect(specOf('ServiceEntry', bytes)).toEqual({ hosts: ['a.test'], location: 'MESH_EXTERNAL', resolution: 'NONE' })
    // outboundTrafficPolicy, empty
    const settings = message([17, new Uint8Array()])
    expect(specOf('MeshConfig', settings)).toMatchObject({ outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' } })
  })

  test('but not where it means that nothing was set', () => {
    const bytes = envelope('ns/name', 'Sidecar', message([3, message([4, './*'])]))
    expect(specOf('Sidecar', bytes)).toEqual({ egress: [{ hosts: ['./*'] }] })
  })

  test('nor of one choice among several: there it would be a choice', () => {
    const policy = message([1, message([2, message([5, 'user'])])])
    const bytes = envelope('ns/name', 'DestinationRule', message([1, 'a.test'], [2, policy]))
    expect(specOf('DestinationRule', bytes)).toEqual({
      host: 'a.test',
      trafficPolicy: { loadBalancer: { consistentHash: { httpQueryParameterName: 'user' } } },
    })
  })
})

test('a field that is newer than this client is told by its number, and the rest is used', () => {
  const route = message([1, message([1, message([1, 'a.test'], [99, 'new'])])])
  const bytes = envelope('ns/name', 'VirtualService', message([1, 'a.test'], [3, route], [77, 'new']))
  const { notes, text } = read('VirtualService', bytes)
  expect(notes).toEqual([
    '#77: a field that is not known here',
    'http[0].match[0].uri.#99: a field that is not known here',
  ])
  expect(JSON.parse(text.text)).toMatchObject({ spec: { hosts: ['a.test'] } })
})

const kind = 'VirtualService'

test.each([
  ['a name without a namespace', envelope('name', kind, message()), 'name', 'the name "name" instead of'],
  ['no name', envelope('', kind, message()), '', 'the name "" instead of'],
  ['no body', message([1, message([1, 'ns/name'])]), 'ns/name', `nothing instead of istio.networking.v1alpha3.${kind}`],
  [
    'another body',
    envelope('ns/name', 'Gateway', message()),
    'ns/name',
    'istio.networking.v1alpha3.Gateway instead of',
  ],
  ['what is no envelope', new Uint8Array([255, 255]), undefined, 'premature EOF'],
  ['a body that is cut off', envelope('ns/name', kind, new Uint8Array([26, 9])), 'ns/name', 'premature EOF'],
])('%s is refused, by its name as far as it has one', (_, bytes, name, why) => {
  const decoded = documentReader('istiod:15010')(kind, bytes)
  expect(decoded).toMatchObject({ ok: false, error: expect.stringContaining(why) as string })
  expect(decoded.name).toBe(name)
})

test('any bytes are a document or are refused, never an exception', () => {
  const whole = fc.constantFrom(...recorded.map(({ bytes }) => Buffer.from(bytes, 'base64')))
  const broken = fc.tuple(whole, fc.nat(), fc.nat(255)).map(([bytes, at, value]) => {
    const copy = Uint8Array.from(bytes)
    copy[at % copy.length] = value
    return copy
  })
  fc.assert(
    fc.property(
      fc.constantFrom(...DOCUMENT_KINDS),
      fc.oneof(fc.uint8Array({ maxLength: 200 }), broken),
      (each, bytes) => {
        const decoded = documentReader('istiod:15010')(each, bytes)
        if (!decoded.ok) expect(decoded.error).not.toBe('')
      },
    ),
    { numRuns: 500 },
  )
})

function specOf(kind: DocumentKind, bytes: Uint8Array): object {
  return (JSON.parse(read(kind, bytes).text.text) as { spec: object }).spec
}

/** istio.mcp.v1alpha1.Resource */
function envelope(name: string, kind: string, body: Uint8Array): Uint8Array {
  const type = `type.googleapis.com/istio.networking.v1alpha3.${kind}`
  return message([1, message([1, name])], [2, message([1, type], [2, body])])
}

/** Fields by number, each with text or a message. */
function message(...fields: readonly (readonly [number, string | Uint8Array])[]): Uint8Array {
  const writer = new BinaryWriter()
  for (const [number, value] of fields) {
    writer.uint32((number << 3) | 2)
    if (typeof value === 'string') writer.string(value)
    else writer.bytes(value)
  }
  return writer.finish()
}
