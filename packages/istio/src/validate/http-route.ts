// What one http route must satisfy beyond its shape.
import type { RegexEngine } from '@proxyless/core/spi'
import type { Report } from '../findings.ts'
import type { HttpRouteSpec, RedirectSpec, RewriteSpec } from '../schema/virtual-service.ts'
import { checkFault } from './fault.ts'
import { checkHeaders, countHostRewrites } from './headers.ts'
import { checkHttpMatch, checkRegex } from './http-match.ts'
import { checkRetries } from './retries.ts'

export function checkHttpRoute(route: HttpRouteSpec, path: string, report: Report, regex: RegexEngine): void {
  checkAction(route, path, report)
  for (const [index, match] of (route.match ?? []).entries())
    checkHttpMatch(match, `${path}.match[${index}]`, report, regex)
  checkDestinations(route, path, report)
  checkHeaders(route.headers, `${path}.headers`, report)
  if (route.redirect !== undefined) checkRedirect(route.redirect, route, `${path}.redirect`, report)
  if (route.directResponse !== undefined) checkDirectResponse(route, path, report)
  if (route.rewrite !== undefined) checkRewrite(route.rewrite, `${path}.rewrite`, report, regex)
  if (route.timeout !== undefined) checkTimeout(route.timeout, `${path}.timeout`, report)
  if (route.retries !== undefined) checkRetries(route.retries, `${path}.retries`, report)
  checkPerTry(route, path, report)
  if (route.fault !== undefined) checkFault(route.fault, `${path}.fault`, report)
  checkMirror(route, path, report)
  if (route.corsPolicy !== undefined) {
    report.warn('NO_CLIENT_EFFECT', `${path}.corsPolicy`, 'corsPolicy protects browsers; it has no effect in a client')
  }
}

function checkAction(route: HttpRouteSpec, path: string, report: Report): void {
  const has = {
    route: (route.route?.length ?? 0) > 0,
    redirect: route.redirect !== undefined,
    directResponse: route.directResponse !== undefined,
    delegate: route.delegate !== undefined,
  }
  const actions = Object.entries(has)
    .filter(([, set]) => set)
    .map(([name]) => name)
  if (actions.length === 0)
    report.error('MISSING_FIELD', path, 'needs one of route, redirect, directResponse or delegate')
  if (actions.length > 1) report.error('CONFLICTING_FIELDS', path, `${actions.join(' and ')} exclude one another`)
  if (has.redirect || has.directResponse) {
    const other = has.redirect ? 'redirect' : 'directResponse'
    if (route.fault !== undefined)
      report.error('CONFLICTING_FIELDS', `${path}.fault`, `fault cannot be used with ${other}`)
    if (route.rewrite !== undefined)
      report.error('CONFLICTING_FIELDS', `${path}.rewrite`, `rewrite cannot be used with ${other}`)
  }
}

function checkDestinations(route: HttpRouteSpec, path: string, report: Report): void {
  const destinations = route.route ?? []
  for (const [index, destination] of destinations.entries()) {
    const at = `${path}.route[${index}].headers`
    checkHeaders(destination.headers, at, report)
    if (countHostRewrites(destination.headers) > 1)
      report.error('CONFLICTING_FIELDS', at, 'the host is rewritten more than once')
  }
  if (destinations.length > 1 && destinations.every((destination) => (destination.weight ?? 0) === 0)) {
    report.error(
      'WEIGHTS_ZERO',
      `${path}.route`,
      'several destinations share this route, but their weights add up to 0',
    )
  }
  const rewrites = countHostRewrites(route.headers) + (route.rewrite?.authority === undefined ? 0 : 1)
  if (rewrites > 1) report.error('CONFLICTING_FIELDS', path, 'the host is rewritten more than once')
}

function checkRedirect(redirect: RedirectSpec, route: HttpRouteSpec, path: string, report: Report): void {
  const { uri, prefixRewrite, authority, scheme, port, derivePort, redirectCode } = redirect
  if ([uri, prefixRewrite, authority, scheme, port, derivePort].every((field) => field === undefined || field === '')) {
    report.error(
      'MISSING_FIELD',
      path,
      'needs at least one of uri, prefixRewrite, authority, scheme, port or derivePort',
    )
  }
  if (uri !== undefined && prefixRewrite !== undefined) {
    report.error('CONFLICTING_FIELDS', path, 'uri and prefixRewrite exclude one another')
  }
  if (port !== undefined && derivePort !== undefined) {
    report.error('CONFLICTING_FIELDS', path, 'port and derivePort exclude one another')
  }
  if (scheme !== undefined && scheme !== '' && scheme !== 'http' && scheme !== 'https') {
    report.error('INVALID_VALUE', `${path}.scheme`, `scheme must be http or https, found "${scheme}"`)
  }
  if (redirectCode !== undefined && ![0, 301, 302, 303, 307, 308].includes(redirectCode)) {
    report.error(
      'REDIRECT_CODE',
      `${path}.redirectCode`,
      `${redirectCode} cannot be sent; use 301, 302, 303, 307 or 308`,
    )
  }
  const prefixes = (route.match ?? []).every((match) => match.uri === undefined || match.uri.prefix !== undefined)
  if (prefixRewrite !== undefined && !prefixes) {
    report.error('CONFLICTING_FIELDS', `${path}.prefixRewrite`, 'prefixRewrite needs prefix matches')
  }
}

function checkDirectResponse(route: HttpRouteSpec, path: string, report: Report): void {
  const body = route.directResponse?.body
  const at = `${path}.directResponse.body`
  if (body?.string !== undefined && body.bytes !== undefined) {
    report.error('CONFLICTING_FIELDS', at, 'string and bytes exclude one another')
  }
  const size = body?.string?.length ?? ((body?.bytes?.length ?? 0) * 3) / 4
  if (size > 1_048_576) report.error('INVALID_VALUE', at, 'the body must not exceed 1 MB')
  else if (size > 102_400) report.warn('BODY_LARGE', at, 'the body is larger than 100 KB')
}

function checkRewrite(rewrite: RewriteSpec, path: string, report: Report, regex: RegexEngine): void {
  if (rewrite.uri !== undefined && rewrite.uriRegexRewrite !== undefined) {
    report.error('CONFLICTING_FIELDS', path, 'uri and uriRegexRewrite exclude one another')
  }
  if (rewrite.uri === undefined && rewrite.authority === undefined && rewrite.uriRegexRewrite === undefined) {
    report.error('MISSING_FIELD', path, 'needs uri, uriRegexRewrite or authority')
  }
  if (rewrite.uriRegexRewrite !== undefined) {
    checkRegex(rewrite.uriRegexRewrite.match ?? '', `${path}.uriRegexRewrite.match`, report, regex)
  }
}

function checkTimeout(timeoutMs: number, path: string, report: Report): void {
  if (timeoutMs === 0) report.warn('TIMEOUT_ZERO', path, 'Istio refuses 0s; here it means: no timeout')
  else if (timeoutMs < 1) report.error('INVALID_VALUE', path, 'must be at least 1ms')
}

function checkPerTry({ timeout = 0, retries }: HttpRouteSpec, path: string, report: Report): void {
  const perTry = retries?.perTryTimeout ?? 0
  if (timeout === 0 || perTry < timeout) return
  const message = `the route's timeout of ${timeout} ms comes first; a perTryTimeout of ${perTry} ms never ends an attempt`
  report.warn('PER_TRY_TIMEOUT_INERT', `${path}.retries.perTryTimeout`, message)
}

function checkMirror(route: HttpRouteSpec, path: string, report: Report): void {
  if (route.mirror !== undefined && route.mirrors !== undefined && route.mirrors.length > 0) {
    report.error('CONFLICTING_FIELDS', `${path}.mirrors`, 'mirror and mirrors exclude one another')
  }
  if (route.mirror === undefined && (route.mirrorPercentage ?? route.mirrorPercent) !== undefined) {
    report.warn('MIRROR_INERT', path, 'a mirror percentage without mirror has no effect')
  }
}
