// The state of this process's xDS clients, for others: as gRPC's admin service (CSDS), and as JSON for any HTTP server.
import { type sendUnaryData, type Server, type ServerDuplexStream, type ServerUnaryCall, status } from '@grpc/grpc-js'
import { ClientStatusRequest, ClientStatusResponse } from '../generated/envoy/service/status/v3/csds.ts'
import type { JsonValue } from '../json/messages.ts'
import { statusResponse } from './client-status.ts'

const service = '/envoy.service.status.v3.ClientStatusDiscoveryService'

/** Adds `envoy.service.status.v3.ClientStatusDiscoveryService` to a server of grpc-js. It tells of all meshes of this process that use xDS. */
export function addClientStatusService(server: Server): void {
  const common = {
    requestSerialize: (request: ClientStatusRequest) => Buffer.from(ClientStatusRequest.encode(request).finish()),
    requestDeserialize: (bytes: Buffer) => ClientStatusRequest.decode(bytes),
    responseSerialize: (response: ClientStatusResponse) => Buffer.from(ClientStatusResponse.encode(response).finish()),
    responseDeserialize: (bytes: Buffer) => ClientStatusResponse.decode(bytes),
    requestStream: false,
    responseStream: false,
  }
  server.addService(
    {
      fetch: { ...common, path: `${service}/FetchClientStatus` },
      stream: { ...common, path: `${service}/StreamClientStatus`, requestStream: true, responseStream: true },
    },
    { fetch: fetchStatus, stream: streamStatus },
  )
}

/** The same as JSON, in proto3's canonical form: `{ config: [{ node, clientScope, genericXdsConfigs: [...] }] }`. */
export async function clientStatus(): Promise<JsonValue> {
  const { jsonMessages } = await import('../json/messages.ts')
  const bytes = ClientStatusResponse.encode(statusResponse(true)).finish()
  return jsonMessages().toJson('envoy.service.status.v3.ClientStatusResponse', bytes)
}

type Call = ServerUnaryCall<ClientStatusRequest, ClientStatusResponse>

function fetchStatus({ request }: Call, answer: sendUnaryData<ClientStatusResponse>): void {
  const refusal = refusalOf(request)
  if (refusal === undefined) answer(null, responseTo(request))
  else answer(refusal)
}

function streamStatus(stream: ServerDuplexStream<ClientStatusRequest, ClientStatusResponse>): void {
  stream.on('data', (request: ClientStatusRequest) => {
    const refusal = refusalOf(request)
    if (refusal === undefined) stream.write(responseTo(request))
    else stream.emit('error', Object.assign(new Error(refusal.details), refusal))
  })
  stream.on('error', () => undefined)
  stream.on('end', () => stream.end())
}

function responseTo({ excludeResourceContents }: ClientStatusRequest): ClientStatusResponse {
  return statusResponse(!excludeResourceContents)
}

/** There is nothing to choose among: a process is one client. */
function refusalOf({ nodeMatchers }: ClientStatusRequest): { code: status; details: string } | undefined {
  if (nodeMatchers.length === 0) return undefined
  return { code: status.INVALID_ARGUMENT, details: 'node_matchers are not supported' }
}
