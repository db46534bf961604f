// For clients of @connectrpc/connect: a transport whose calls go through the mesh. An entry of its own, as it needs that library.
export { connectTransport, type ConnectTransportOptions } from './connect/transport.ts'
