// The gRPC door: @grpc/grpc-js clients through the mesh.
export { type GrpcClients, grpcClients, type GrpcGate } from './install.ts'
export { inboundInterceptor } from './inbound-interceptor.ts'
export { meshChannel } from './mesh-channel.ts'
export { registerMesh } from './register-mesh.ts'
