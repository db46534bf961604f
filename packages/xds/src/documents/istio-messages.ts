// Istio's messages as JSON, as their authors might have written them: proto3's canonical form, and enums also where they say the first value.
import { type DescMessage, fromBinary, type JsonValue, type Message, type Registry, toJson } from '@bufbuild/protobuf'
import { reflect, type ReflectMessage } from '@bufbuild/protobuf/reflect'
import type { Any } from '@bufbuild/protobuf/wkt'
import { descriptors } from '../generated/istio/descriptors.ts'
import { registryOf } from '../json/messages.ts'

type JsonObject = { [field: string]: JsonValue }

export interface ReadMessage {
  readonly json: JsonObject
  /** Paths of fields that are newer than what is known here, by number. */
  readonly unknown: readonly string[]
}

/** What istiod puts around a document. */
export interface Envelope {
  readonly metadata: JsonObject
  readonly body: Any | undefined
}

let registry: Registry | undefined

/** @throws when the bytes are none */
export function readEnvelope(bytes: Uint8Array): Envelope {
  const schema = schemaOf('istio.mcp.v1alpha1.Resource')
  const message = fromBinary(schema, bytes) as Message & { body?: Any }
  const { body } = message
  delete message.body
  return { metadata: ((toJson(schema, message) as JsonObject)['metadata'] ?? {}) as JsonObject, body }
}

/**
 * @param name of the message's type
 * @throws when Istio has no such message, or the bytes are none
 */
export function readMessage(name: string, bytes: Uint8Array): ReadMessage {
  const schema = schemaOf(name)
  const message = fromBinary(schema, bytes)
  const json = toJson(schema, message, { registry: known() }) as JsonObject
  const unknown: string[] = []
  complete(reflect(schema, message), json, '', unknown)
  return { json, unknown }
}

function schemaOf(name: string): DescMessage {
  const schema = known().getMessage(name)
  if (schema === undefined) throw new TypeError(`no message ${name} of Istio's is known`)
  return schema
}

function known(): Registry {
  return (registry ??= registryOf(descriptors))
}

/** What canonical JSON leaves out and still means something: the first value of an enum, and fields of later versions. */
function complete(message: ReflectMessage, json: JsonValue | undefined, path: string, unknown: string[]): void {
  for (const { no } of message.getUnknown() ?? []) unknown.push(`${path}#${no}`)
  if (!isObject(json)) return
  for (const field of message.fields) {
    const { jsonName } = field
    const at = `${path}${jsonName}`
    const value: JsonValue | undefined = json[jsonName]
    if (field.fieldKind === 'enum' && value === undefined && isImplicit(field)) {
      const first = field.enum.values[0]?.name ?? ''
      if (!saysNothing.test(first)) json[jsonName] = first
    } else if (field.fieldKind === 'message' && value !== undefined) {
      complete(message.get(field), value, `${at}.`, unknown)
    } else if (field.fieldKind === 'list' && field.listKind === 'message' && Array.isArray(value)) {
      let n = 0
      for (const each of message.get(field)) {
        complete(each as ReflectMessage, value[n], `${at}[${n}].`, unknown)
        n++
      }
    } else if (field.fieldKind === 'map' && field.mapKind === 'message' && isObject(value)) {
      for (const [key, each] of message.get(field)) {
        complete(each as ReflectMessage, value[String(key)], `${at}[${String(key)}].`, unknown)
      }
    }
  }
}

/** Neither `optional` nor one of several: nothing said is the first value. */
function isImplicit({ oneof, proto }: DescMessage['fields'][number]): boolean {
  return oneof === undefined && !proto.proto3Optional
}

/** Values by which an enum says that nobody has chosen. */
const saysNothing = /^$|^DEFAULT$|UNSPECIFIED$/

function isObject(json: JsonValue | undefined): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}
