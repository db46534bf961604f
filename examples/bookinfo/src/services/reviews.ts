// reviews: what readers say of a book. v1 shows no stars; v2 (black) and v3 (red) ask ratings for them, through the mesh.
import type { Handler } from './http-service.ts'
import type { Ratings } from './ratings.ts'

/** `mesh.fetch`, as far as Bookinfo needs it. */
export type MeshFetch = (url: string) => Promise<Response>

export interface Reviews {
  readonly id: number
  readonly version: string
  /** Which of the instances answered. */
  readonly instance: string
  readonly reviews: readonly Review[]
}

export interface Review {
  readonly reviewer: string
  readonly text: string
  readonly stars?: number
  readonly color?: string
  /** Why there are no stars. */
  readonly error?: string
}

const texts: readonly (readonly [reviewer: string, text: string])[] = [
  ['Reviewer1', 'An extremely entertaining play by Shakespeare. The slapstick humour is refreshing!'],
  [
    'Reviewer2',
    'Absolutely fun and entertaining. The play lacks thematic depth when compared to other plays by Shakespeare.',
  ],
]

const colors: Readonly<Record<string, string>> = { v2: 'black', v3: 'red' }

/** @param fetch undefined for v1, which calls nobody */
export function reviews(version: string, instance: string, fetch: MeshFetch | undefined): Handler {
  return async ({ path }) => {
    const id = /^\/reviews\/(\d+)$/.exec(path)?.[1]
    if (id === undefined) return { status: 404, body: { error: 'no such book' } }
    const stars = fetch === undefined ? {} : await askRatings(fetch, id)
    const found: Reviews = {
      id: Number(id),
      version,
      instance,
      reviews: texts.map(([reviewer, text]) => ({ reviewer, text, ...rate(stars, reviewer, colors[version]) })),
    }
    return { status: 200, headers: { 'x-instance': instance }, body: found }
  }
}

type Stars = Readonly<Record<string, number>> | 'unavailable'

async function askRatings(fetch: MeshFetch, id: string): Promise<Stars> {
  try {
    const response = await fetch(`http://ratings:9080/ratings/${id}`)
    if (response.status === 200) return ((await response.json()) as Ratings).ratings
    await response.body?.cancel()
  } catch {
    // a page without stars is better than no page
  }
  return 'unavailable'
}

function rate(stars: Stars, reviewer: string, color = ''): Partial<Review> {
  if (stars === 'unavailable') return { error: 'Ratings service is currently unavailable' }
  const count = stars[reviewer]
  return count === undefined ? {} : { stars: count, color }
}
