// proxyless check: every problem of the given documents, one line each.
import { styleText } from 'node:util'
import type { Problem } from '@proxyless/core'
import { check } from '@proxyless/istio'
import { processClock } from '../host/process-clock.ts'
import { regexEngine } from '../host/regex.ts'
import { parseLabels, readTexts } from './texts.ts'

export interface CheckOptions {
  readonly strict?: boolean
  readonly json?: boolean
  readonly namespace: string
  readonly labels?: string
}

/** Resolves to the exit code: 1 when there is an error, or with `strict` a warning. */
export async function runCheck(
  paths: readonly string[],
  options: CheckOptions,
  out: NodeJS.WritableStream,
): Promise<number> {
  const workload = { namespace: options.namespace, labels: parseLabels(options.labels) }
  const node = { id: `proxyless-check-${process.pid}`, ...workload }
  const texts = (await Promise.all(paths.map((path) => readTexts(path, node)))).flat()
  const { problems } = await check(texts, {
    workload,
    regex: regexEngine,
    clock: processClock,
    strict: options.strict ?? false,
  })
  const failed = problems.some(
    (problem) => problem.severity === 'error' || (options.strict === true && problem.severity === 'warning'),
  )
  if (options.json === true) {
    out.write(`${JSON.stringify({ ok: !failed, files: texts.length, problems }, null, 2)}\n`)
    return failed ? 1 : 0
  }
  for (const problem of problems) out.write(`${formatProblem(problem)}\n`)
  out.write(`${summary(texts.length, problems)}\n`)
  return failed ? 1 : 0
}

const colours = { error: 'red', warning: 'yellow', info: 'cyan' } as const

/** `file:line:column: path: message [CODE]` */
function formatProblem(problem: Problem): string {
  const place = [problem.source ?? problem.resource, problem.line, problem.column]
    .filter((part) => part !== undefined)
    .join(':')
  const path = problem.path === '' ? '' : `${problem.path}: `
  return `${place}: ${path}${problem.message} ${styleText(colours[problem.severity], `[${problem.code}]`)}`
}

function summary(files: number, problems: readonly Problem[]): string {
  const count = (severity: Problem['severity']): number =>
    problems.filter((problem) => problem.severity === severity).length
  const errors = count('error')
  const text = `${files} ${files === 1 ? 'file' : 'files'}: ${errors} errors, ${count('warning')} warnings, ${count('info')} remarks`
  return styleText(errors === 0 ? 'green' : 'red', text)
}
