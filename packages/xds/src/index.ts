// The package `@proxyless/xds`: a client of xDS control planes, as a configuration source.
export { type Bootstrap, type BootstrapNode, type BootstrapServer, parseBootstrap } from './bootstrap/bootstrap.ts'
export { XDS_PROBLEM_CODES } from './codes.ts'
export type { XdsOptions } from './options.ts'
export { type XdsHost, xdsSource } from './xds-source.ts'
