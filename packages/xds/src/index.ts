// The package `@proxyless/xds`: a client of xDS control planes.
export { AdsClient } from './stream/ads-client.ts'
export { Delta } from './stream/delta.ts'
export { StateOfTheWorld } from './stream/sotw.ts'
