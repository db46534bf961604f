// The gRPC door: @grpc/grpc-js clients through the mesh.
export { meshChannel } from './mesh-channel.ts'
