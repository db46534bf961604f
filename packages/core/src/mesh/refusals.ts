// The refused documents that may be why a request goes where it goes, as steps of an account.
// What they would have said is unknown; only the hosts they speak of are. Called by mesh/explain.
import type { Problem } from '../model/origin.ts'
import type { Step } from './explanation.ts'

/** More would hide the account itself. */
const most = 5

/** @param names every name of the host that was asked for, and of the services it leads to */
export function explainRefusals(problems: readonly Problem[], names: ReadonlySet<string>): readonly Step[] {
  const byResource = new Map<string, Problem[]>()
  for (const problem of problems) {
    if (problem.severity !== 'error' || problem.outcome === 'applied' || !concerns(problem, names)) continue
    const group = byResource.get(problem.resource)
    if (group === undefined) byResource.set(problem.resource, [problem])
    else group.push(problem)
  }
  const steps = [...byResource.values()].slice(0, most).map(stepOf)
  const more = byResource.size - steps.length
  return more === 0 ? steps : [...steps, { what: 'refused', text: `${more} more; the status names them all` }]
}

function stepOf(problems: readonly Problem[]): Step {
  const [{ resource, path, message, code, outcome, source, line, column }] = problems as readonly [Problem]
  const reason = path === '' ? message : `${path}: ${message}`
  const others = problems.length === 1 ? '' : ` and ${problems.length - 1} more`
  const instead = outcome === 'kept' ? 'its earlier version is kept in force' : 'it is not in force'
  const place = [source, line, column].filter((part) => part !== undefined).join(':')
  return {
    what: 'refused',
    text: `${resource}: ${reason} [${code}]${others}; ${instead}`,
    ...(place === '' ? {} : { at: place }),
  }
}

/** A document whose hosts are unknown may concern any. */
function concerns({ hosts }: Problem, names: ReadonlySet<string>): boolean {
  if (hosts === undefined) return true
  return hosts.some((host) => [...names].some((name) => isSame(host, name)))
}

/** The host of a document is whole; a caller's may be short. */
function isSame(host: string, name: string): boolean {
  if (host.startsWith('*')) return name.endsWith(host.slice(1))
  return host === name || (!name.includes('.') && host.startsWith(`${name}.`))
}
