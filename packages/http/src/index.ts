// The HTTP door: fetch and undici through the mesh.
export { healthProbers } from './health-probers.ts'
export { HttpTransport, type HttpTransportOptions } from './http-transport.ts'
export { MeshDispatcher } from './mesh-dispatcher.ts'
export { createFetch, type MeshFetch } from './mesh-fetch.ts'
