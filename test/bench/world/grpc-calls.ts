// One unary gRPC call of 100 bytes as an application makes it, every answer checked; and who makes it without a mesh.
import { Client, type ClientOptions, credentials, Metadata, type MethodDefinition } from '@grpc/grpc-js'
import { forkModule } from '../harness/processes.ts'
import { authority } from './reviews.ts'

const asIs = (bytes: Buffer): Buffer => bytes

export const grpcMethod: MethodDefinition<Buffer, Buffer> = {
  path: '/reviews.Reviews/Get',
  requestStream: false,
  responseStream: false,
  requestSerialize: asIs,
  requestDeserialize: asIs,
  responseSerialize: asIs,
  responseDeserialize: asIs,
}

const message = Buffer.alloc(100, 'x')
const metadata = new Metadata()
metadata.set('accept-language', 'en')
metadata.set('x-tenant', 'acme')

export function byGrpc(client: Client): () => Promise<void> {
  const { path } = grpcMethod
  return () =>
    new Promise((resolve, reject) => {
      client.makeUnaryRequest(path, asIs, asIs, message, metadata, (error, answer) => {
        if (error !== null) reject(error)
        else if (answer?.length !== message.length) reject(new Error(`a wrong answer: ${answer?.length} bytes`))
        else resolve()
      })
    })
}

/** grpc-js' own round robin over all of them. */
export function roundRobin(ports: readonly number[]): Client {
  return grpcClient(`ipv4:${ports.map((port) => `127.0.0.1:${port}`).join(',')}`, {
    'grpc.service_config': JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }),
    'grpc.default_authority': authority,
    'grpc.use_local_subchannel_pool': 1,
  })
}

export function grpcClient(target: string, options: ClientOptions): Client {
  return new Client(target, credentials.createInsecure(), options)
}

export async function startGrpcUpstream(): Promise<{ readonly ports: readonly number[]; close(): void }> {
  const servers = await Promise.all([0, 1, 2].map(() => forkModule<number>('world/grpc-upstream-server.js')))
  return { ports: servers.map(({ first }) => first), close: () => servers.forEach(({ child }) => child.kill()) }
}
