// The HTTP door: fetch, undici and node:http through the mesh.
import './platform-first.ts'

export { healthProbers } from './health-probers.ts'
export { HttpTransport, type HttpTransportOptions } from './http-transport.ts'
export { MeshDispatcher } from './mesh-dispatcher.ts'
export { createFetch, type MeshFetch } from './mesh-fetch.ts'
export { LoopServer } from './node-http/loop-server.ts'
export { MeshHttpAgent, MeshHttpsAgent } from './node-http/mesh-agent.ts'
export { ownerOf, slotNames } from './install/dispatcher-slots.ts'
export { type ClientCounts, type ClientName, clientNames } from './install/gate.ts'
export { Installation, installationOf, type InstallParts } from './install/installation.ts'
