// What a driver asks of a program on loopback: unary calls of services that the .proto files here, or grpc-js, define.
import { fileURLToPath } from 'node:url'
import { Client, credentials, type ServiceDefinition } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'

const files = ['testing.proto', 'health.proto'].map((name) => fileURLToPath(new URL(`../${name}`, import.meta.url)))
const definitions = loadSync(files, { keepCase: true, enums: String, defaults: true })

const protos = fileURLToPath(new URL('../../../../node_modules/@grpc/grpc-js-xds/deps/', import.meta.url))
const kinds = ['listener/v3/listener', 'route/v3/route', 'cluster/v3/cluster', 'endpoint/v3/endpoint']
const statusDefinitions = loadSync(
  ['envoy/service/status/v3/csds.proto', ...kinds.map((path) => `envoy/config/${path}.proto`)],
  {
    keepCase: true,
    enums: String,
    // what lies in an Any is spelled out
    json: true,
    includeDirs: ['envoy-api', 'xds', 'googleapis', 'protoc-gen-validate'].map((name) => protos + name),
  },
)

/** CSDS, by the messages that grpc-js-xds brings along: another reader than our own. */
export const statusService = statusDefinitions[
  'envoy.service.status.v3.ClientStatusDiscoveryService'
] as ServiceDefinition

/** @param name with its package */
export function serviceNamed(name: string): ServiceDefinition {
  return definitions[name] as ServiceDefinition
}

export class Remote {
  readonly #client: Client

  constructor(port: number) {
    this.#client = new Client(`127.0.0.1:${port}`, credentials.createInsecure())
  }

  /** @throws ServiceError */
  call<T>(service: ServiceDefinition, method: string, request: object = {}, timeoutMs = 60_000): Promise<T> {
    const { path, requestSerialize, responseDeserialize } = service[method]!
    const options = { deadline: Date.now() + timeoutMs }
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, options, (error, answer) =>
        error === null ? resolve(answer as T) : reject(error),
      )
    })
  }

  close(): void {
    this.#client.close()
  }
}
