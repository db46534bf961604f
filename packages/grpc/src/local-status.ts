// What the mesh answers itself, as a gRPC status: code and message as Envoy has them, what is known of the call as metadata.
import { Metadata, type StatusObject } from '@grpc/grpc-js'
import type { Call, LocalReply } from '@proxyless/core/spi'
import { metadataOf } from './metadata.ts'

export function statusOf(reply: LocalReply, call: Call | undefined): StatusObject {
  let code = 14
  let details = typeof reply.body === 'string' ? reply.body : ''
  const rest: string[] = []
  for (let i = 0; i + 1 < reply.headers.length; i += 2) {
    const name = reply.headers[i] ?? ''
    const value = reply.headers[i + 1] ?? ''
    if (name === 'grpc-status') code = Number(value)
    else if (name === 'grpc-message') details = decoded(value)
    else if (name !== 'content-length') rest.push(name, value)
  }
  const metadata = rest.length === 0 ? new Metadata() : metadataOf(rest)
  if (reply.code !== undefined) tell(metadata, reply, call)
  return { code, details: details === '' ? reply.details : details, metadata }
}

function tell(metadata: Metadata, reply: LocalReply, call: Call | undefined): void {
  metadata.set('x-mesh-response-flags', call?.flags ?? '-')
  metadata.set('x-mesh-response-details', printable(reply.details))
  if (call !== undefined) metadata.set('x-mesh-breadcrumb', printable(call.breadcrumb))
}

function printable(text: string): string {
  return text.replace(/[^ -~]/g, '?')
}

function decoded(message: string): string {
  try {
    return decodeURIComponent(message)
  } catch {
    return message
  }
}
