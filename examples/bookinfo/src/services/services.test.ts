import { describe, expect, test } from 'vitest'
import { registryDocuments } from '../stage/registry.ts'
import { isPlausible } from '../tour/step.ts'
import { details } from './details.ts'
import type { ServiceRequest } from './http-service.ts'
import { type Calls, productpage } from './productpage.ts'
import { ratings } from './ratings.ts'
import { reviews } from './reviews.ts'
import type { MeshFetch } from './reviews.ts'

describe('the product page', () => {
  test('shows what the services say, and passes on who is signed in', async () => {
    const asked: [string, object | undefined][] = []
    let around: object | undefined
    const fetch: MeshFetch = async (url) => {
      asked.push([url, around])
      return inProcess(url)
    }
    const page = productpage({
      fetch,
      with(overrides, next) {
        around = overrides
        return next()
      },
    })
    const { status, body } = await page(request('/productpage', { cookie: 'user=jason' }))
    expect(status).toBe(200)
    expect(body).toContain('served by <b>reviews v3</b>')
    expect(body).toContain('<span style="color:red">★★★★☆</span>')
    expect(body).toContain('William Shakespeare')
    expect(asked.map(([url]) => url)).toEqual(['http://details:9080/details/0', 'http://reviews:9080/reviews/0'])
    const jason = { headers: { 'end-user': 'jason' } }
    expect(asked.map(([, overrides]) => overrides)).toEqual([jason, jason])
  })

  test('stands when the services do not, and escapes what they say', async () => {
    const page = productpage(
      calling(async (url) => {
        if (url.includes('details')) throw new Error('<no details>')
        return new Response('upstream & down', { status: 503 })
      }),
    )
    const { status, body } = await page(request('/productpage'))
    expect(status).toBe(200)
    expect(body).toContain('product details are currently unavailable')
    expect(body).toContain('&#60;no details&#62;')
    expect(body).toContain('503 upstream &#38; down')
  })

  test('signs in and out, but takes no odd names', async () => {
    const page = productpage(calling(inProcess))
    expect((await page(request('/productpage?u=jason'))).headers?.['set-cookie']).toContain('user=jason;')
    expect((await page(request('/productpage?u='))).headers?.['set-cookie']).toContain('user=;')
    expect((await page(request('/productpage?u=a%0d%0ab'))).headers?.['set-cookie']).toContain('user=;')
  })

  test('passes answers on as they are', async () => {
    const page = productpage(
      calling(async () => new Response('overflow', { status: 503, headers: { 'x-envoy-overloaded': 'true' } })),
    )
    const reply = await page(request('/api/v1/products/0/ratings'))
    expect(reply).toMatchObject({ status: 503, body: 'overflow', headers: { 'x-envoy-overloaded': 'true' } })
  })
})

test('reviews without ratings say so', async () => {
  const { body } = await reviews('v2', 'a', async () => new Response('', { status: 500 }))(request('/reviews/0'))
  expect(JSON.stringify(body)).toContain('Ratings service is currently unavailable')
})

test('the registry is one ServiceEntry per service', () => {
  const text = registryDocuments([
    { service: 'reviews', version: 'v1', port: 1001 },
    { service: 'ratings', version: 'v1', port: 1002 },
    { service: 'reviews', version: 'v2', port: 1003 },
  ])
  expect(text.match(/^kind: ServiceEntry$/gm)).toHaveLength(2)
  expect(text.match(/http: 100\d/g)).toEqual(['http: 1001', 'http: 1003', 'http: 1002'])
})

test('plausible is what lies within five standard deviations', () => {
  expect([682, 818, 681, 819].map((count) => isPlausible(count, 1000, 0.75))).toEqual([true, true, false, false])
})

const calling = (fetch: MeshFetch): Calls => ({ fetch, with: (_, next) => next() })

const inProcess: MeshFetch = async (url) => {
  const { pathname, hostname } = new URL(url)
  const handler = hostname === 'details' ? details : hostname === 'ratings' ? ratings : reviews('v3', 'a', inProcess)
  const { status, body } = await handler(request(pathname))
  return new Response(JSON.stringify(body), { status })
}

function request(url: string, headers: Record<string, string> = {}): ServiceRequest {
  const { pathname, searchParams } = new URL(url, 'http://localhost')
  return { path: pathname, query: searchParams, headers }
}
