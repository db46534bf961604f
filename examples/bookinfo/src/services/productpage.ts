// productpage: the page people see. Asks details and reviews through the mesh; `/api/v1/products/...` passes their answers on.
import type { Details } from './details.ts'
import type { Handler, Reply, ServiceRequest } from './http-service.ts'
import { renderPage } from './page.ts'
import type { MeshFetch, Reviews } from './reviews.ts'

/** `mesh`, as far as the product page needs it. */
export interface Calls {
  readonly fetch: MeshFetch
  /** Runs code whose calls have these headers. */
  with<T>(overrides: { readonly headers: Readonly<Record<string, string>> }, next: () => T): T
}

export function productpage(mesh: Calls): Handler {
  const { fetch } = mesh
  return (request) => {
    const user = userOf(request)
    if (user === '') return answer(fetch, request, user)
    // all that is called for the page knows who is signed in
    return mesh.with({ headers: { 'end-user': user } }, () => answer(fetch, request, user))
  }
}

function answer(fetch: MeshFetch, request: ServiceRequest, user: string): Reply | Promise<Reply> {
  const { path } = request
  if (path === '/') return { status: 302, headers: { location: '/productpage' }, body: '' }
  if (path === '/productpage') return page(fetch, request, user)
  const [, id, part] = /^\/api\/v1\/products\/(\d+)(?:\/(reviews|ratings))?$/.exec(path) ?? []
  if (id === undefined) return { status: 404, body: { error: 'no such page' } }
  return passOn(fetch, part ?? 'details', id)
}

async function page(fetch: MeshFetch, request: ServiceRequest, user: string): Promise<Reply> {
  const [details, reviews] = await Promise.all([
    ask<Details>(fetch, 'http://details:9080/details/0'),
    ask<Reviews>(fetch, 'http://reviews:9080/reviews/0'),
  ])
  const signed = request.query.has('u') && { 'set-cookie': `user=${user}; Path=/; HttpOnly` }
  return {
    status: 200,
    headers: { 'content-type': 'text/html; charset=utf-8', ...signed },
    body: renderPage({ user, details, reviews }),
  }
}

async function passOn(fetch: MeshFetch, service: string, id: string): Promise<Reply> {
  const response = await fetch(`http://${service}:9080/${service}/${id}`)
  const passed: Record<string, string> = {}
  for (const name of ['content-type', 'x-envoy-overloaded']) {
    const value = response.headers.get(name)
    if (value !== null) passed[name] = value
  }
  return { status: response.status, headers: passed, body: await response.text() }
}

/** The answer, or in few words why there is none. */
async function ask<T>(fetch: MeshFetch, url: string): Promise<T | string> {
  try {
    const response = await fetch(url)
    if (response.status === 200) return (await response.json()) as T
    return `${response.status} ${await response.text()}`
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** Who is signed in: `?u=` signs in, `?u` alone signs out, the cookie remembers. */
function userOf({ query, headers }: ServiceRequest): string {
  const said = query.get('u') ?? /(?:^|;\s*)user=([^;]*)/.exec(headers.cookie ?? '')?.[1] ?? ''
  return /^[\w.-]*$/.test(said) ? said : ''
}
