// The mark on connections that no mesh may lead: those over which a mesh is configured itself.
// Registered for the whole process, so that every copy of the package knows it.

/**
 * A property of agents of node:http, or of the options of a single request; true: they are left alone.
 * And of servers of node:http that are a mesh's own: what comes in there comes from within.
 */
export const unmeshed: unique symbol = Symbol.for('proxyless.unmeshed') as never
