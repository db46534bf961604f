// A gRPC server for tests: handlers by method path, messages are buffers, nothing is generated.
import {
  type handleBidiStreamingCall,
  type handleClientStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  Server,
  ServerCredentials,
  type ServerOptions,
} from '@grpc/grpc-js'

const asIs = (bytes: Buffer): Buffer => bytes

export interface GrpcHandlers {
  readonly unary?: Readonly<Record<string, handleUnaryCall<Buffer, Buffer>>>
  readonly clientStream?: Readonly<Record<string, handleClientStreamingCall<Buffer, Buffer>>>
  readonly serverStream?: Readonly<Record<string, handleServerStreamingCall<Buffer, Buffer>>>
  readonly bidi?: Readonly<Record<string, handleBidiStreamingCall<Buffer, Buffer>>>
}

export interface GrpcBackend {
  readonly authority: string
  readonly server: Server
  /** At once: streams and connections are cut. */
  close(): Promise<void>
}

export async function startGrpc(
  handlers: GrpcHandlers,
  options: ServerOptions = {},
  credentials: ServerCredentials = ServerCredentials.createInsecure(),
  address = '127.0.0.1:0',
): Promise<GrpcBackend> {
  const server = new Server(options)
  for (const [kind, methods] of Object.entries(handlers) as [keyof GrpcHandlers, Record<string, never>][]) {
    for (const [path, handle] of Object.entries(methods)) {
      const requestStream = kind === 'clientStream' || kind === 'bidi'
      const responseStream = kind === 'serverStream' || kind === 'bidi'
      const method = {
        path,
        requestStream,
        responseStream,
        requestSerialize: asIs,
        requestDeserialize: asIs,
        responseSerialize: asIs,
        responseDeserialize: asIs,
      }
      server.addService({ [path]: method }, { [path]: handle })
    }
  }
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(address, credentials, (error, bound) => (error === null ? resolve(bound) : reject(error)))
  })
  return {
    authority: `127.0.0.1:${port}`,
    server,
    close: () => {
      server.forceShutdown()
      return Promise.resolve()
    },
  }
}
