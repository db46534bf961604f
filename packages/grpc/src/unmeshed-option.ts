// The channel option that marks what no mesh may lead: a mesh's own connections, and the stream that configures it.
export const unmeshedOption = 'proxyless.unmeshed'
