// A service for Connect clients and servers, described at run time: its messages are those that protobuf brings along.
import { create, createFileRegistry } from '@bufbuild/protobuf'
import type { GenService } from '@bufbuild/protobuf/codegenv2'
import {
  FileDescriptorProtoSchema,
  type StringValueSchema,
  file_google_protobuf_wrappers,
} from '@bufbuild/protobuf/wkt'

type Text = typeof StringValueSchema

/** What each method does is up to its server. */
export type EchoService = GenService<{
  say: { methodKind: 'unary'; input: Text; output: Text }
  count: { methodKind: 'server_streaming'; input: Text; output: Text }
  join: { methodKind: 'client_streaming'; input: Text; output: Text }
  chat: { methodKind: 'bidi_streaming'; input: Text; output: Text }
}>

const text = '.google.protobuf.StringValue'
const method = (name: string, clientStreaming: boolean, serverStreaming: boolean) => ({
  name,
  inputType: text,
  outputType: text,
  clientStreaming,
  serverStreaming,
})

const file = create(FileDescriptorProtoSchema, {
  name: 'echo.proto',
  package: 'test',
  syntax: 'proto3',
  dependency: ['google/protobuf/wrappers.proto'],
  service: [
    {
      name: 'Echo',
      method: [
        method('Say', false, false),
        method('Count', false, true),
        method('Join', true, false),
        method('Chat', true, true),
      ],
    },
  ],
})

const found = createFileRegistry(file, () => file_google_protobuf_wrappers).getService('test.Echo')
if (found === undefined) throw new Error('test.Echo is not described')

export const Echo = found as unknown as EchoService
