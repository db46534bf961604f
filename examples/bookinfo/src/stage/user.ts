// People who look at the product page: plain HTTP from outside, no mesh.
export interface Visit {
  readonly status: number
  readonly text: string
  readonly ms: number
  readonly headers: Headers
}

/** One look at a page or API of productpage; status 0 when the connection failed. */
export async function visit(url: string, user = ''): Promise<Visit> {
  const start = performance.now()
  try {
    const response = await fetch(url, { headers: user === '' ? {} : { cookie: `user=${user}` }, redirect: 'manual' })
    const text = await response.text()
    return { status: response.status, text, ms: performance.now() - start, headers: response.headers }
  } catch (error) {
    return { status: 0, text: String(error), ms: performance.now() - start, headers: new Headers() }
  }
}

/** Many looks, so many at a time, in the order of their start. */
export async function visitMany(
  count: number,
  atOnce: number,
  look: (index: number) => Promise<Visit>,
): Promise<Visit[]> {
  const visits: Visit[] = []
  let next = 0
  const person = async (): Promise<void> => {
    while (next < count) {
      const index = next++
      visits[index] = await look(index)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, person))
  return visits
}

/** Looks again and again, so many at a time, until stopped. */
export function keepVisiting(atOnce: number, look: () => Promise<Visit>): { stop(): Promise<Visit[]> } {
  const visits: Visit[] = []
  let going = true
  const person = async (): Promise<void> => {
    while (going) visits.push(await look())
  }
  const people = Promise.all(Array.from({ length: atOnce }, person))
  return {
    async stop() {
      going = false
      await people
      return visits
    },
  }
}

/** How many visits each version of reviews answered; a visit that failed counts under its status. */
export function countVersions(visits: readonly Visit[]): Readonly<Record<string, number>> {
  return countBy(visits, ({ status, text }) =>
    status === 200 ? (JSON.parse(text) as { version: string }).version : String(status),
  )
}

export function countBy<T>(items: readonly T[], keyOf: (item: T) => string): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const item of items) counts[keyOf(item)] = (counts[keyOf(item)] ?? 0) + 1
  return counts
}
