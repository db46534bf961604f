// What surrounds the calls of a mesh: the request that is being answered, and what code around them sets.
export { CallContext, type ContextOptions } from './call-context.ts'
export { watchServers } from './inbound/servers.ts'
export { type Middleware, middleware } from './inbound/middleware.ts'
export { complaintOfNames } from './inherited-names.ts'
export { type CallOverrides, complaintOfOverrides, type Criticality, type Loosening, loosenings } from './overrides.ts'
