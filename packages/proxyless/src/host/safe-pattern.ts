// Turns a pattern into a plain RegExp where that is proven to take linear time; everything else is left to re2js.
// Pure; called by the regular expression engine when a pattern is compiled.
import { classSource, intersects, union } from './char-set.ts'
import type { CharSet } from './char-set.ts'
import { readSimplePattern } from './simple-pattern.ts'
import type { Item, Repeat } from './simple-pattern.ts'

/** Characters of all alternatives, and of the longest text the items after a colliding repeat can take. */
const maxSize = 256
const maxTail = 24

/** A RegExp that matches exactly the texts that the RE2 pattern matches as a whole, or undefined. */
export function safeRegExp(pattern: string): RegExp | undefined {
  const items = readSimplePattern(pattern)
  if (items === undefined || !isLinear(items)) return undefined
  return new RegExp(`^${items.map(sourceOf).join('')}$`, 'u')
}

/*
 * Why matching is linear in the text. The RegExp is anchored, so it starts once; work can grow only by backtracking into
 * repeats of variable length and into the choice.
 *
 * A repeat whose set is disjoint from the first characters of all that may follow it (looking through whatever may be empty,
 * to the end of the text, where no character follows) has one length that can succeed: when it gives a character back, what
 * follows would have to begin with that character, or the text would have to end before it. Both fail at once, after at
 * most one look per item. So each repeat costs its run once forwards and once backwards, and since no run can begin anywhere
 * else, runs of different repeats do not multiply.
 *
 * One repeat may collide with what follows. Everything before it still has only one way to match, so it starts at one place
 * and tries at most n lengths; as nothing unbounded follows, each try costs at most the greatest length of what follows
 * (`maxTail`), itself without further collision.
 *
 * The one choice multiplies all of this by the number of its alternatives, at most `maxSize`: a constant.
 */
function isLinear(items: readonly Item[]): boolean {
  let collided = false
  let choices = 0
  let size = 0
  for (const [index, item] of items.entries()) {
    size += sizeOf(item)
    if (item.kind === 'choice') {
      choices++
      continue
    }
    if (collided && item.max === Infinity) return false
    if (!collides(item, items, index)) continue
    if (collided || tailOf(items, index) > maxTail) return false
    collided = true
  }
  return choices <= 1 && size <= maxSize
}

function collides(repeat: Repeat, items: readonly Item[], index: number): boolean {
  return repeat.min !== repeat.max && intersects(repeat.set, firstOf(items, index + 1))
}

/** What the text can go on with at the item of this index: first characters, through everything that may be empty. */
function firstOf(items: readonly Item[], index: number): CharSet {
  const sets: CharSet[] = []
  for (const item of items.slice(index)) {
    if (item.kind === 'repeat') {
      if (item.max > 0) sets.push(item.set)
      if (item.min > 0) break
    } else {
      sets.push(...item.alternatives.flatMap((alternative) => alternative.slice(0, 1)))
      if (item.alternatives.every((alternative) => alternative.length > 0)) break
    }
  }
  return union(sets)
}

function tailOf(items: readonly Item[], index: number): number {
  return items.slice(index + 1).reduce((sum, item) => sum + longestOf(item), 0)
}

function longestOf(item: Item): number {
  return item.kind === 'repeat' ? item.max : sizeOf(item)
}

function sizeOf(item: Item): number {
  if (item.kind === 'choice') return item.alternatives.reduce((sum, alternative) => sum + alternative.length + 1, 0)
  return item.max === Infinity ? item.min + 1 : item.max
}

function sourceOf(item: Item): string {
  if (item.kind === 'repeat') return classSource(item.set) + quantifierOf(item)
  return `(?:${item.alternatives.map((alternative) => alternative.map(classSource).join('')).join('|')})`
}

function quantifierOf({ min, max }: Repeat): string {
  if (min === 1 && max === 1) return ''
  return `{${min},${max === Infinity ? '' : max}}`
}
