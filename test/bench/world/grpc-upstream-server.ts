// A gRPC server for the bench: one method, whose answer is the request. A process of its own; sends its port to its parent.
import { type sendUnaryData, Server, ServerCredentials, type ServerUnaryCall } from '@grpc/grpc-js'
import { grpcMethod } from './grpc-calls.ts'

const server = new Server()
server.addService(
  { Get: grpcMethod },
  { Get: (call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) => answer(null, call.request) },
)
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error
  process.send?.(port)
})
process.on('disconnect', () => process.exit())
