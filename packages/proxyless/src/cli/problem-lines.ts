// Problems as the command prints them.
import { styleText } from 'node:util'
import type { Problem } from '@proxyless/core'

const colours = { error: 'red', warning: 'yellow', info: 'cyan' } as const

/** `file:line:column: severity: path: message [CODE]` */
export function formatProblem(problem: Problem): string {
  const place = [problem.source ?? problem.resource, problem.line, problem.column]
    .filter((part) => part !== undefined)
    .join(':')
  const path = problem.path === '' ? '' : `${problem.path}: `
  const severity = styleText(colours[problem.severity], problem.severity)
  return `${place}: ${severity}: ${path}${problem.message} [${problem.code}]`
}

/** `1 error, 0 warnings, 2 remarks` */
export function countsOf(problems: readonly Problem[]): string {
  const of = (severity: Problem['severity']): number =>
    problems.filter((problem) => problem.severity === severity).length
  return [count(of('error'), 'error'), count(of('warning'), 'warning'), count(of('info'), 'remark')].join(', ')
}

export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
