// Checks of host names, exportTo lists and addresses that several kinds share.
import type { Report } from '../findings.ts'

const LABEL = /^[a-z0-9_]([-a-z0-9_]{0,61}[a-z0-9_])?$/i

export function isIp(text: string): boolean {
  return /^(\d{1,3}\.){3}\d{1,3}$/.test(text) || (text.includes(':') && /^[0-9a-f:.]+$/i.test(text))
}

export function isCidr(text: string): boolean {
  const [address, bits, more] = text.split('/')
  return more === undefined && isIp(address ?? '') && (bits === undefined || /^\d{1,3}$/.test(bits))
}

/** A DNS name, possibly with a wildcard first. */
export function isHostPattern(text: string): boolean {
  if (text === '*' || isIp(text)) return true
  const name = text.startsWith('*.') ? text.slice(2) : text.startsWith('*') ? text.slice(1).replace(/^[-.]/, '') : text
  return (
    name.length <= 253 &&
    name
      .replace(/\.$/, '')
      .split('.')
      .every((label) => LABEL.test(label))
  )
}

/** The wildcard stands for a part of a label only, as in `*-a.x`. */
export function isPartialWildcard(text: string): boolean {
  return /^\*[^.]/.test(text)
}

export function checkExportTo(exportTo: readonly string[] | undefined, report: Report): void {
  const seen = new Set<string>()
  for (const [index, target] of (exportTo ?? []).entries()) {
    const path = `spec.exportTo[${index}]`
    if (seen.has(target)) report.error('INVALID_VALUE', path, `"${target}" is listed twice`)
    seen.add(target)
    if (!['.', '*', '~'].includes(target) && !LABEL.test(target)) {
      report.error('INVALID_VALUE', path, `"${target}" is neither a namespace nor one of . * ~`)
    }
  }
  if ((seen.has('*') || seen.has('~')) && seen.size > 1) {
    report.error('CONFLICTING_FIELDS', 'spec.exportTo', '* and ~ cannot be combined with other entries')
  }
}
