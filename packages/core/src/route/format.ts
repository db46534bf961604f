// Envoy's command operators in header values: %REQ(name?other):max%, %PROTOCOL%, %START_TIME%, %UPSTREAM_CLUSTER%, %%.
// Unknown operators are refused; configuration doors call `compileFormat` to find out. Text goes out as the bytes of its
// UTF-8, as Envoy sends it; Node's headers have a character for each byte.

export interface FormatContext {
  /** The first line of a request header as it is once the level has removed its own; pseudo headers included. */
  requestHeader(name: string): string | undefined
  readonly protocol: string
  readonly startTimeMs: number
  /** Name of the call's cluster; empty when there is none of its name. */
  readonly upstreamCluster: string
}

export type Format = (context: FormatContext) => string

const encoder = new TextEncoder()
const unprintable = /[^\t -~]/
/** Tab, printable ASCII and whatever lies beyond ASCII are legal. */
const control = /[^\t -~\u{80}-\u{10ffff}]/u

/** @throws Error naming the operator that is not supported, or the character that no header can carry */
export function compileFormat(text: string): Format {
  const [illegal] = control.exec(text) ?? []
  if (illegal !== undefined)
    throw new Error(`${JSON.stringify(text)}: the control character ${JSON.stringify(illegal)} cannot be in a header`)
  const bytes = unprintable.test(text) ? String.fromCharCode(...encoder.encode(text)) : text
  if (!bytes.includes('%')) return () => bytes
  const parts: Format[] = []
  let rest = bytes
  while (rest !== '') {
    const mark = rest.indexOf('%')
    if (mark !== 0) {
      const literal = mark === -1 ? rest : rest.slice(0, mark)
      parts.push(() => literal)
      rest = mark === -1 ? '' : rest.slice(mark)
      continue
    }
    const end = rest.indexOf('%', 1)
    if (end === -1) throw new Error(`"${text}": a single % must be written %%`)
    parts.push(compileOperator(rest.slice(1, end), text))
    rest = rest.slice(end + 1)
  }
  return (context) => parts.map((part) => part(context)).join('')
}

function compileOperator(operator: string, text: string): Format {
  if (operator === '') return () => '%'
  if (operator === 'PROTOCOL') return (context) => context.protocol
  if (operator === 'START_TIME') return (context) => new Date(context.startTimeMs).toISOString()
  if (operator === 'UPSTREAM_CLUSTER') return (context) => context.upstreamCluster
  const request = /^REQ\(([^()?]+)(?:\?([^()?]+))?\)(?::(\d+))?$/.exec(operator)
  if (request === null) {
    throw new Error(
      `"${text}": operator %${operator}% is not supported; use REQ, PROTOCOL, START_TIME or UPSTREAM_CLUSTER`,
    )
  }
  const [, first = '', second = '', max] = request
  const names = [first.toLowerCase(), second.toLowerCase()].filter((name) => name !== '')
  return (context) => {
    const value = names.map((name) => context.requestHeader(name)).find((found) => found !== undefined) ?? ''
    return max === undefined ? value : value.slice(0, Number(max))
  }
}
