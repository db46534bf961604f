// Rows of SEMANTICS appendix A that this table does not run, and where they are or when they come.

export const elsewhere: ReadonlyMap<string, string> = new Map([
  ['C070', 'raw xDS route: issue 5'],
  ['C091', 'gRPC streaming: issue 6'],
  ['C126', 'workload mTLS: a later issue; refused until then'],
  ['C129', 'gRPC: issue 6'],
  ['C130', 'gRPC: issue 6'],
  ['C135', 'Gateway API: a later issue'],
  ['C136', 'Gateway API: a later issue'],
  ['C137', 'Gateway API: a later issue'],
  ['C139', 'istio_requests_total: issue 7'],
  ['C142', 'raw xDS: issue 5'],
])
