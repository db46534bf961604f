// Rows of SEMANTICS appendix A that this table does not run, and where they are or when they come.

export const elsewhere: ReadonlyMap<string, string> = new Map([
  ['C070', 'raw xDS route: issue 5'],
  ['C091', 'gRPC over sockets: test/grpc/retries'],
  ['C126', 'workload mTLS: a later issue; refused until then'],
  ['C129', 'gRPC over sockets: test/grpc/timeouts'],
  ['C130', 'gRPC over sockets: test/grpc/timeouts'],
  ['C135', 'Gateway API: a later issue'],
  ['C136', 'Gateway API: a later issue'],
  ['C137', 'Gateway API: a later issue'],
  ['C139', 'istio_requests_total: issue 7'],
  ['C142', 'raw xDS: issue 5'],
])
