// proxyless check: every problem of the given documents, one line each.
import { styleText } from 'node:util'
import type { Problem } from '@proxyless/core'
import { check } from '@proxyless/istio'
import { processClock } from '../host/process-clock.ts'
import { regexEngine } from '../host/regex.ts'
import { count, countsOf, formatProblem } from './problem-lines.ts'
import { parseWorkload, readTexts, type WorkloadOptions } from './texts.ts'

export interface CheckOptions extends WorkloadOptions {
  readonly strict?: boolean
  readonly json?: boolean
}

/** Resolves to the exit code: 1 when there is an error, or with `strict` a warning. */
export async function runCheck(
  paths: readonly string[],
  options: CheckOptions,
  out: NodeJS.WritableStream,
): Promise<number> {
  const workload = parseWorkload(options)
  const { namespace, labels } = workload
  const node = { id: `proxyless-check-${process.pid}`, namespace, labels }
  const texts = (await Promise.all(paths.map((path) => readTexts(path, node)))).flat()
  const { problems: found } = await check(texts, {
    workload,
    regex: regexEngine,
    clock: processClock,
    strict: options.strict ?? false,
  })
  const problems = found.toSorted(byPlace)
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

/** Those without a place come first. */
function byPlace(a: Problem, b: Problem): number {
  const file = (a.source ?? '').localeCompare(b.source ?? '', 'en', { numeric: true })
  return file || (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0)
}

function summary(files: number, problems: readonly Problem[]): string {
  const good = problems.every(({ severity }) => severity !== 'error')
  return styleText(good ? 'green' : 'red', `${count(files, 'file')}: ${countsOf(problems)}`)
}
