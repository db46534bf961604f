// What a mesh remembers so that its calls stay with an endpoint: the cookies that were made for them, and a stand-in for its address.
// Not a cookie jar: only what hash policies made is kept. One per mesh.
import type { Clock } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import type { HashPolicy } from '../model/policy.ts'
import type { HeaderEdit } from './header-plan.ts'
import { getHeader, type HeaderList, setHeader } from './header-list.ts'
import type { HeaderLines, RequestView } from './request-view.ts'

export type CookiePolicy = Extract<HashPolicy, { kind: 'cookie' }>

export interface AffinityCookie {
  readonly policy: CookiePolicy
  /** 16 hex digits. */
  readonly value: string
  /** Made for this call: its caller is told. Otherwise kept from an earlier one: it goes with the request. */
  readonly fresh: boolean
}

interface Kept {
  readonly cookie: AffinityCookie
  readonly until: number
}

/** Hosts whose cookies are kept; beyond it those of the host that came first are forgotten. */
const mostHosts = 1_000

export class Affinity {
  /** Stands for the source address that a client has not: the same for all its calls. */
  readonly address: string
  readonly #clock: Clock
  readonly #hosts = new Map<string, Kept[]>()

  constructor(clock: Clock, random: Random) {
    this.#clock = clock
    this.address = hexDigits(random)
  }

  /** The cookie that an earlier call to this host was given, unless its time is over. */
  cookieOf(authority: string, policy: CookiePolicy): AffinityCookie | undefined {
    const kept = this.#hosts.get(authority)?.find(({ cookie }) => isSame(cookie.policy, policy))
    return kept !== undefined && this.#clock.now() < kept.until ? kept.cookie : undefined
  }

  keep(authority: string, { policy, value }: AffinityCookie): void {
    const seconds = maxAgeOf(policy)
    const until = seconds === 0 ? Infinity : this.#clock.now() + seconds * 1_000
    const others = this.#hosts.get(authority)?.filter(({ cookie }) => !isSame(cookie.policy, policy)) ?? []
    this.#hosts.set(authority, [...others, { cookie: { policy, value, fresh: false }, until }])
    for (const first of this.#hosts.keys()) {
      if (this.#hosts.size <= mostHosts) break
      this.#hosts.delete(first)
    }
  }
}

export function makeCookie(policy: CookiePolicy, random: Random): AffinityCookie {
  return { policy, value: hexDigits(random), fresh: true }
}

/** Kept cookies go with the request; fresh ones are kept. @returns what tells the caller of the fresh ones */
export function exchangeCookies(
  cookies: readonly AffinityCookie[],
  request: { readonly view: RequestView; readonly headers: HeaderList },
  affinity: Affinity,
): HeaderEdit | undefined {
  for (const cookie of cookies) {
    if (cookie.fresh) affinity.keep(request.view.authority, cookie)
    else sendCookie(request.headers, cookie)
  }
  const fresh = cookies.filter((cookie) => cookie.fresh)
  return fresh.length === 0 ? undefined : new SetCookies(fresh)
}

function sendCookie(headers: HeaderList, { policy, value }: AffinityCookie): void {
  const pair = `${policy.name}="${value}"`
  const lines = getHeader(headers, 'cookie')
  if (lines === undefined) headers.push('cookie', pair)
  else setHeader(headers, 'cookie', [lines, pair].flat().join('; '))
}

class SetCookies implements HeaderEdit {
  readonly #cookies: readonly AffinityCookie[]

  constructor(cookies: readonly AffinityCookie[]) {
    this.#cookies = cookies
  }

  apply(headers: HeaderList): void {
    for (const cookie of this.#cookies) headers.push('set-cookie', setCookieText(cookie))
  }
}

/** Value of a cookie without the quotes around it; undefined when it is absent or empty (Envoy parseCookieValue). */
export function cookieIn(lines: HeaderLines, name: string): string | undefined {
  if (lines === undefined) return undefined
  if (typeof lines === 'string') return cookieInLine(lines, name)
  for (const line of lines) {
    const value = cookieInLine(line, name)
    if (value !== undefined) return value
  }
  return undefined
}

function cookieInLine(line: string, name: string): string | undefined {
  for (let start = 0; start < line.length;) {
    const semicolon = line.indexOf(';', start)
    const end = semicolon === -1 ? line.length : semicolon
    while (line.charCodeAt(start) === 0x20) start++
    const equals = start + name.length
    if (equals < end && line.charCodeAt(equals) === 0x3d && line.startsWith(name, start)) {
      const value = unquoted(line.slice(equals + 1, end))
      return value === '' ? undefined : value
    }
    start = end + 1
  }
  return undefined
}

function unquoted(value: string): string {
  return value.length >= 2 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value
}

/** As Envoy's makeSetCookieValue writes it. */
function setCookieText({ policy, value }: AffinityCookie): string {
  const seconds = maxAgeOf(policy)
  let text = `${policy.name}="${value}"`
  if (seconds !== 0) text += `; Max-Age=${seconds}`
  if (policy.path) text += `; Path=${policy.path}`
  for (const attribute of policy.attributes) {
    text += attribute.value === '' ? `; ${attribute.name}` : `; ${attribute.name}=${attribute.value}`
  }
  return `${text}; HttpOnly`
}

/** Whole seconds; 0: as long as the mesh. */
function maxAgeOf({ ttlMs = 0 }: CookiePolicy): number {
  return Math.floor(ttlMs / 1_000)
}

function isSame(a: CookiePolicy, b: CookiePolicy): boolean {
  return a.name === b.name && (a.path ?? '') === (b.path ?? '')
}

function hexDigits(random: Random): string {
  return [random.uint32(), random.uint32()].map((half) => half.toString(16).padStart(8, '0')).join('')
}
