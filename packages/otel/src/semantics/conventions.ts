// Which of OpenTelemetry's names are used: OTEL_SEMCONV_STABILITY_OPT_IN, a list of words.

export interface Conventions {
  /** Besides the stable names of HTTP those before them (`http/dup`). */
  readonly oldHttp: boolean
  /** Of RPC those that are used until somebody opts in, or still besides the new ones (`rpc/dup`). */
  readonly oldRpc: boolean
  readonly newRpc: boolean
}

export function conventionsOf(text = ''): Conventions {
  const words = text.split(',').map((word) => word.trim())
  const both = words.includes('rpc/dup')
  const newRpc = both || words.includes('rpc')
  return { oldHttp: words.includes('http/dup'), oldRpc: both || !newRpc, newRpc }
}
