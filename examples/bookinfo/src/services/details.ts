// details: facts about a book. Calls nobody.
import type { Handler } from './http-service.ts'

export interface Details {
  readonly id: number
  readonly author: string
  readonly year: number
  readonly type: string
  readonly pages: number
  readonly publisher: string
  readonly language: string
}

export const details: Handler = ({ path }) => {
  const id = /^\/details\/(\d+)$/.exec(path)?.[1]
  if (id === undefined) return { status: 404, body: { error: 'no such book' } }
  const book: Details = {
    id: Number(id),
    author: 'William Shakespeare',
    year: 1595,
    type: 'paperback',
    pages: 200,
    publisher: 'PublisherA',
    language: 'English',
  }
  return { status: 200, body: book }
}
