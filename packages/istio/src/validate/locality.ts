// What a locality setting must satisfy beyond its shape (Istio's ValidateLocalityLbSetting), of a rule or of the mesh.
import { joinPath } from '../documents/path.ts'
import type { Report } from '../findings.ts'
import type { LocalityLbSpec, WarmupSpec, ZoneAwareLbSpec } from '../schema/locality.ts'

const TOPOLOGY = ['topology.kubernetes.io/region', 'topology.kubernetes.io/zone', 'topology.istio.io/subzone']

export function checkLocality(spec: LocalityLbSpec, path: string, report: Report): void {
  const { distribute = [], failover = [], failoverPriority = [] } = spec
  if (distribute.length > 0 && failover.length > 0) {
    report.error('CONFLICTING_FIELDS', path, 'distribute and failover exclude one another')
    return
  }
  if (failover.length > 0 && failoverPriority.some((label) => TOPOLOGY.includes(label))) {
    report.error(
      'CONFLICTING_FIELDS',
      path,
      'failover excludes the labels of region, zone and subzone in failoverPriority',
    )
  }
  for (const [index, { to = {} }] of distribute.entries())
    checkShares(to, `${joinPath(path, 'distribute')}[${index}].to`, report)
  checkOverlaps(
    distribute.map(({ from = '' }) => from),
    joinPath(path, 'distribute'),
    report,
  )
  checkFailover(spec, path, report)
}

/** Alike for both settings of localities. */
export function checkFailover(
  { failover = [], failoverPriority = [] }: ZoneAwareLbSpec,
  path: string,
  report: Report,
): void {
  for (const [index, { from = '', to = '' }] of failover.entries()) {
    const at = `${joinPath(path, 'failover')}[${index}]`
    if (from === to) report.error('INVALID_VALUE', at, 'from and to must be different regions')
    if (/[/*]/.test(from + to))
      report.error('INVALID_VALUE', at, 'failover is between regions; zones and * are not possible')
  }
  if (new Set(failoverPriority).size < failoverPriority.length) {
    report.error('INVALID_VALUE', joinPath(path, 'failoverPriority'), 'a label stands here twice')
  }
}

export function checkWarmup({ duration }: WarmupSpec, path: string, report: Report): void {
  if (duration === undefined) report.error('MISSING_FIELD', `${path}.duration`, 'the duration is required')
}

function checkShares(to: Readonly<Record<string, number>>, path: string, report: Report): void {
  const percents = Object.values(to)
  if (percents.includes(0)) report.error('INVALID_VALUE', path, 'a share must be 1 to 100')
  const sum = percents.reduce((total, percent) => total + percent, 0)
  if (sum !== 100) report.error('INVALID_VALUE', path, `shares must add up to 100, these are ${sum}`)
  checkOverlaps(Object.keys(to), path, report)
}

/** One locality must not lie within another, and `*` stands at the end. */
function checkOverlaps(names: readonly string[], path: string, report: Report): void {
  for (const [index, name] of names.entries()) {
    if (/\*./.test(name)) report.error('INVALID_VALUE', path, `"${name}": * may stand at the end only`)
    if (name.split('/').length > 3 || name.split('/').includes(''))
      report.error('INVALID_VALUE', path, `"${name}" is not region/zone/subzone`)
    const other = names.find((each, i) => i !== index && within(name, each))
    if (other !== undefined) report.error('INVALID_VALUE', path, `"${name}" overlaps with "${other}"`)
  }
}

function within(name: string, other: string): boolean {
  const outer = other.split('/').filter((part) => part !== '*')
  const inner = name.split('/').filter((part) => part !== '*')
  return outer.every((part, i) => part === inner[i])
}
