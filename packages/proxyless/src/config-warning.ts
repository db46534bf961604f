// Says on the process's warning channel that documents were refused: a typing error must not pass unseen.
// Stands between a source and the mesh. Not for later configurations when an observer hears of them.
import type { ConfigSource, Problem } from '@proxyless/core'

/** More are counted. */
const most = 3

/** @param told true when the application hears of later configurations by itself */
export function warnOfRefusals(source: ConfigSource, told: boolean): ConfigSource {
  let started = false
  let last = ''
  const warn = (problems: readonly Problem[]): void => {
    const refused = problems.filter(({ severity, outcome }) => severity === 'error' && outcome !== 'applied')
    const text = refused.map(lineOf).join('\n')
    if (text !== '' && text !== last && !(started && told)) emit(refused)
    last = text
    started = true
  }
  return {
    start: (sink) =>
      source.start({
        config: (config) => {
          warn(config.problems)
          sink.config(config)
        },
        problem: (problem) => sink.problem(problem),
        ...(sink.living === undefined ? {} : { living: () => sink.living?.() ?? new Map<string, never>() }),
      }),
    close: () => source.close(),
    ...(source.want === undefined ? {} : { want: (host: string) => source.want?.(host) }),
    ...(source.remark === undefined ? {} : { remark: (cluster: string) => source.remark?.(cluster) }),
  }
}

function emit(refused: readonly Problem[]): void {
  const lines = refused.slice(0, most).map(lineOf)
  const more = refused.length > most ? [`and ${refused.length - most} more in mesh.status().problems`] : []
  const documents = new Set(refused.map(({ resource }) => resource)).size
  const head = documents === 1 ? '1 document is refused' : `${documents} documents are refused`
  process.emitWarning([`${head}:`, ...lines, ...more].join('\n  '), { type: 'MeshWarning', code: 'PROXYLESS_CONFIG' })
}

/** `file:line:column: resource path: message [CODE]` */
function lineOf({ source, line, column, resource, path, message, code, outcome }: Problem): string {
  const place = [source, line, column].filter((part) => part !== undefined).join(':')
  const what = path === '' ? resource : `${resource} ${path}`
  const kept = outcome === 'kept' ? ' (its earlier version is kept)' : ''
  return `${place === '' ? '' : `${place}: `}${what}: ${message} [${code}]${kept}`
}
