// ratings: stars per reviewer of a book. Calls nobody.
import type { Handler } from './http-service.ts'

export interface Ratings {
  readonly id: number
  readonly ratings: Readonly<Record<string, number>>
}

export const ratings: Handler = ({ path }) => {
  const id = /^\/ratings\/(\d+)$/.exec(path)?.[1]
  if (id === undefined) return { status: 404, body: { error: 'no such book' } }
  const found: Ratings = { id: Number(id), ratings: { Reviewer1: 5, Reviewer2: 4 } }
  return { status: 200, body: found }
}
