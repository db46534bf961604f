// productpage: the page people see. Asks details and reviews through the mesh; `/api/v1/products/...` passes their answers on.
import type { Details } from './details.ts'
import { forwardedHeaders } from './forwarded-headers.ts'
import type { Handler, Reply, ServiceRequest } from './http-service.ts'
import { renderPage } from './page.ts'
import type { MeshFetch, Reviews } from './reviews.ts'

export function productpage(fetch: MeshFetch): Handler {
  return (request) => {
    const { path } = request
    if (path === '/') return { status: 302, headers: { location: '/productpage' }, body: '' }
    if (path === '/productpage') return page(fetch, request)
    const [, id, part] = /^\/api\/v1\/products\/(\d+)(?:\/(reviews|ratings))?$/.exec(path) ?? []
    if (id === undefined) return { status: 404, body: { error: 'no such page' } }
    return passOn(fetch, part ?? 'details', id, request)
  }
}

async function page(fetch: MeshFetch, request: ServiceRequest): Promise<Reply> {
  const user = userOf(request)
  const headers = headersFor(request, user)
  const [details, reviews] = await Promise.all([
    ask<Details>(fetch, 'http://details:9080/details/0', headers),
    ask<Reviews>(fetch, 'http://reviews:9080/reviews/0', headers),
  ])
  const signed = request.query.has('u') && { 'set-cookie': `user=${user}; Path=/; HttpOnly` }
  return {
    status: 200,
    headers: { 'content-type': 'text/html; charset=utf-8', ...signed },
    body: renderPage({ user, details, reviews }),
  }
}

async function passOn(fetch: MeshFetch, service: string, id: string, request: ServiceRequest): Promise<Reply> {
  const headers = headersFor(request, userOf(request))
  const response = await fetch(`http://${service}:9080/${service}/${id}`, { headers })
  const passed: Record<string, string> = {}
  for (const name of ['content-type', 'x-envoy-overloaded']) {
    const value = response.headers.get(name)
    if (value !== null) passed[name] = value
  }
  return { status: response.status, headers: passed, body: await response.text() }
}

/** The answer, or in few words why there is none. */
async function ask<T>(fetch: MeshFetch, url: string, headers: Record<string, string>): Promise<T | string> {
  try {
    const response = await fetch(url, { headers })
    if (response.status === 200) return (await response.json()) as T
    return `${response.status} ${await response.text()}`
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function headersFor({ headers }: ServiceRequest, user: string): Record<string, string> {
  return { ...forwardedHeaders(headers), ...(user !== '' && { 'end-user': user }) }
}

/** Who is signed in: `?u=` signs in, `?u` alone signs out, the cookie remembers. */
function userOf({ query, headers }: ServiceRequest): string {
  const said = query.get('u') ?? /(?:^|;\s*)user=([^;]*)/.exec(headers.cookie ?? '')?.[1] ?? ''
  return /^[\w.-]*$/.test(said) ? said : ''
}
