// What is meant to differ from Envoy 1.40, as data: headers left out of the comparison, each with its reason.
// Differences of behaviour are scenarios of their own, in scenarios/intended.ts. For people: DIFFERENCES.md.

/** Of a request, as its backend saw it. */
export const requestHeadersApart: Readonly<Record<string, string>> = {
  'x-case': 'the harness’s own mark',
  connection: 'between two hops',
  'transfer-encoding': 'between two hops',
  'content-length: 0': 'said of more methods than undici says it of',
  'x-forwarded-proto': 'a client forwards for nobody',
  'x-forwarded-for': 'a client forwards for nobody',
  'x-envoy-internal': 'a client has no callers to trust',
  'x-envoy-expected-rq-timeout-ms': 'not sent (SEMANTICS 3.12)',
  'x-envoy-original-path': 'not sent (SEMANTICS 3.7)',
  'x-envoy-original-host': 'not sent (SEMANTICS 3.7)',
}

/** Of a response, as the caller saw it. */
export const responseHeadersApart: Readonly<Record<string, string>> = {
  connection: 'between two hops',
  'keep-alive': 'between two hops',
  'content-length: 0': 'an empty answer says so or not',
  'transfer-encoding': 'between two hops',
  date: 'a moment; Envoy adds it to its own replies',
  server: 'Envoy names itself',
  'x-envoy-upstream-service-time': 'not sent (SEMANTICS 3.12)',
  'x-mesh-response-flags': 'ours',
  'x-mesh-response-details': 'ours',
  'x-mesh-breadcrumb': 'ours',
}
