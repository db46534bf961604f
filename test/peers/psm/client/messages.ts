// The services of testing.proto, read when the program starts, and the messages it says and hears.
import { fileURLToPath } from 'node:url'
import {
  type Client,
  type ClientUnaryCall,
  type GrpcObject,
  loadPackageDefinition,
  type Metadata,
  type ServiceClientConstructor,
  type ServiceDefinition,
  type ServiceError,
} from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'

export interface TestClient extends Client {
  EmptyCall(request: object, metadata: Metadata, options: { deadline: number }, done: Done<object>): ClientUnaryCall
  UnaryCall(
    request: object,
    metadata: Metadata,
    options: { deadline: number },
    done: Done<{ hostname: string }>,
  ): ClientUnaryCall
}

type Done<T> = (error: ServiceError | null, answer?: T) => void

export interface StatsRequest {
  readonly num_rpcs: number
  readonly timeout_sec: number
  readonly metadata_keys: readonly string[]
}

export interface ConfigureRequest {
  readonly types: readonly MethodName[]
  readonly metadata: readonly { readonly type: MethodName; readonly key: string; readonly value: string }[]
  readonly timeout_sec: number
}

/** As ClientConfigureRequest and the accumulated statistics have them. */
export type MethodName = 'EMPTY_CALL' | 'UNARY_CALL'

const file = fileURLToPath(new URL('../../testing.proto', import.meta.url))
const definition = loadSync(file, { keepCase: true, enums: String, defaults: true })
const { testing } = loadPackageDefinition(definition)['grpc'] as unknown as { testing: GrpcObject }

export const TestService = testing['TestService'] as ServiceClientConstructor
export const StatsService: ServiceDefinition = serviceOf('LoadBalancerStatsService')
export const ConfigureService: ServiceDefinition = serviceOf('XdsUpdateClientConfigureService')

function serviceOf(name: string): ServiceDefinition {
  return (testing[name] as ServiceClientConstructor).service
}
