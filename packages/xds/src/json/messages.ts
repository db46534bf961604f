// xDS and Istio messages as JSON and back (proto3's canonical JSON), with what lies in an Any spelled out. Loaded only when JSON is asked for.
import { inflateRawSync } from 'node:zlib'
import {
  create,
  createFileRegistry,
  createRegistry,
  type DescMessage,
  fromBinary,
  fromJson,
  type JsonValue,
  type Registry,
  toBinary,
  toJson,
} from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { descriptors } from '../generated/descriptors.ts'
import { descriptors as istioDescriptors } from '../generated/istio/descriptors.ts'

export type { JsonValue }

export interface JsonMessages {
  /** @param name full name of the message's type. @throws when the bytes are none */
  toJson(name: string, bytes: Uint8Array): JsonValue
  /** Unknown fields are ignored. @throws when the JSON is none of this type */
  toBytes(name: string, json: JsonValue): Uint8Array
}

let made: JsonMessages | undefined

export function jsonMessages(): JsonMessages {
  return (made ??= make())
}

/** @param packed a google.protobuf.FileDescriptorSet, deflated, in base64 */
export function registryOf(packed: string): Registry {
  return createFileRegistry(fromBinary(FileDescriptorSetSchema, inflateRawSync(Buffer.from(packed, 'base64'))))
}

function make(): JsonMessages {
  const registry = lenient(createRegistry(registryOf(istioDescriptors), registryOf(descriptors)))
  const schemaOf = (name: string): DescMessage => {
    const schema = registry.getMessage(name)
    if (schema === undefined) throw new TypeError(`no message ${name}`)
    return schema
  }
  return {
    toJson: (name, message) => {
      const schema = schemaOf(name)
      return toJson(schema, fromBinary(schema, message), { registry })
    },
    toBytes: (name, json) => {
      const schema = schemaOf(name)
      return toBinary(schema, fromJson(schema, json, { registry, ignoreUnknownFields: true }))
    },
  }
}

/** An Any of a type that nobody here reads keeps its type and loses its content: what it is decides what becomes of it. */
function lenient(registry: Registry): Registry {
  return Object.create(registry, {
    getMessage: { value: (name: string) => registry.getMessage(name) ?? emptyMessage(name) },
  }) as Registry
}

function emptyMessage(typeName: string): DescMessage | undefined {
  const dot = typeName.lastIndexOf('.')
  const messageType = [{ name: typeName.slice(dot + 1) }]
  const file = { name: 'unknown.proto', syntax: 'proto3', package: typeName.slice(0, Math.max(0, dot)), messageType }
  return createFileRegistry(create(FileDescriptorProtoSchema, file), () => undefined).getMessage(typeName)
}
