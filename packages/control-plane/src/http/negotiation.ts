// What a client will take of what there is, by its `Accept` and `Accept-Encoding`, and what it asks for by `Prefer`. Pure.

/** The first of `offered` among those liked best; undefined when none may be sent. */
export function chooseType<T extends string>(accept: string | undefined, offered: readonly T[]): T | undefined {
  if (accept === undefined || accept.trim() === '') return offered[0]
  const wishes = wishesOf(accept)
  return best(offered, (type) => {
    const [family = ''] = type.split('/')
    return wishes.get(type) ?? wishes.get(`${family}/*`) ?? wishes.get('*/*') ?? 0
  })
}

/** `identity` unless something else is asked for. */
export function chooseCoding<T extends string>(accept: string | undefined, offered: readonly T[]): T | 'identity' {
  const wishes = wishesOf(accept ?? '')
  return best(offered, (coding) => wishes.get(coding) ?? wishes.get('*') ?? 0) ?? 'identity'
}

/** Whether `If-None-Match` names the tag. */
export function isKnown(ifNoneMatch: string | undefined, tag: string): boolean {
  if (ifNoneMatch === undefined) return false
  return ifNoneMatch.split(',').some((each) => each.trim() === '*' || each.trim().replace(/^W\//, '') === tag)
}

/** Seconds of `Prefer: wait=`; undefined where nothing is said. */
export function waitOf(prefer: string | undefined): number | undefined {
  const seconds = /(?:^|[,;\s])wait\s*=\s*"?(\d{1,6})/i.exec(prefer ?? '')?.[1]
  return seconds === undefined ? undefined : Number(seconds)
}

function wishesOf(text: string): ReadonlyMap<string, number> {
  const wishes = new Map<string, number>()
  for (const part of text.split(',')) {
    const [name = '', ...parameters] = part.split(';').map((each) => each.trim().toLowerCase())
    const quality = parameters.find((each) => each.startsWith('q='))?.slice(2)
    if (name !== '') wishes.set(name, quality === undefined ? 1 : Number(quality) || 0)
  }
  return wishes
}

function best<T extends string>(offered: readonly T[], quality: (each: T) => number): T | undefined {
  const [first] = offered.filter((each) => quality(each) > 0).toSorted((a, b) => quality(b) - quality(a))
  return first
}
