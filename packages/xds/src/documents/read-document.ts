// Bytes of a resource to the document that it was, and its text. istiod wraps all but the settings of the mesh in an envelope.
import type { DocumentText } from '@proxyless/core/spi'
import type { ReadDocument } from '../decode/decoder.ts'
import { nameInEnvelope } from '../decode/pieces.ts'
import type { DocumentKind } from '../stream/kinds.ts'
import { readEnvelope, readMessage } from './istio-messages.ts'
import { asWritten } from './kubernetes-service.ts'

/** What is kept of it. */
export interface DocumentResource {
  readonly name: string
  readonly notes: readonly string[]
  readonly text: DocumentText
}

export interface Document {
  /** The settings of the mesh have none. */
  readonly apiVersion?: string
  readonly kind: string
  readonly metadata: Metadata
  readonly spec: Readonly<Record<string, unknown>>
}

interface Metadata {
  readonly name: string
  readonly namespace?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  /** RFC 3339. */
  readonly creationTimestamp?: string
}

interface EnvelopeMetadata {
  /** `NAMESPACE/NAME` */
  readonly name?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly createTime?: string
}

/** What a time that was never set is as text. */
const never = '0001-01-01'

/** @param server for people */
export function documentReader(server: string): ReadDocument {
  return (kind, bytes) => {
    let found: Read
    try {
      found = read(kind, bytes)
    } catch (error) {
      const name = kind === 'MeshConfig' ? '' : nameInEnvelope(bytes)
      const why = `cannot be read: ${error instanceof Error ? error.message : String(error)}`
      return { ok: false, ...(name === undefined ? {} : { name }), error: why }
    }
    const { document, name, unknown } = found
    const what = kind === 'MeshConfig' ? kind : `${kind}/${name}`
    const value: DocumentResource = {
      name,
      notes: unknown.map((path) => `${path}: a field that is not known here`),
      text: { name: `xds://${server}/${what}`, text: JSON.stringify(document, undefined, 2) },
    }
    return { ok: true, name, value }
  }
}

interface Read {
  readonly document: Document
  /** Of the resource. */
  readonly name: string
  readonly unknown: readonly string[]
}

function read(kind: DocumentKind, bytes: Uint8Array): Read {
  if (kind === 'MeshConfig') {
    const { json, unknown } = readMessage('istio.mesh.v1alpha1.MeshConfig', bytes)
    // there is one, and it has no name
    return { document: { kind, metadata: { name: 'mesh' }, spec: json }, name: '', unknown }
  }
  const { metadata, body } = readEnvelope(bytes)
  const { name = '', labels, annotations, createTime = never } = metadata as EnvelopeMetadata
  const slash = name.indexOf('/')
  if (slash <= 0 || slash === name.length - 1) throw new TypeError(`the name "${name}" instead of NAMESPACE/NAME`)
  const expected = `istio.networking.v1alpha3.${kind}`
  const found = body?.typeUrl.replace(/^.*\//, '')
  if (body === undefined || found !== expected) throw new TypeError(`${found ?? 'nothing'} instead of ${expected}`)
  const { json, unknown } = readMessage(expected, body.value)
  const document: Document = {
    apiVersion: 'networking.istio.io/v1',
    kind,
    metadata: {
      name: name.slice(slash + 1),
      namespace: name.slice(0, slash),
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      ...(createTime.startsWith(never) ? {} : { creationTimestamp: createTime }),
    },
    spec: json,
  }
  return { document: asWritten(document), name, unknown }
}
