// The package `@proxyless/xds`: a client of xDS control planes.
export { Listener } from './generated/envoy/config/listener/v3/listener.ts'
