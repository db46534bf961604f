// Reads the simple part of RE2's syntax: characters, classes, repeats of one character, one level of plain alternatives.
// What it does not read for certain it leaves to re2js, errors included; called by safe-pattern.
import { charSet, complement, single, union } from './char-set.ts'
import type { CharSet } from './char-set.ts'

export type Item = Repeat | Choice

/** One character out of a set, `min` to `max` times. */
export interface Repeat {
  readonly kind: 'repeat'
  readonly set: CharSet
  readonly min: number
  /** Infinity for unbounded. */
  readonly max: number
}

/** One of several fixed sequences of characters; one of them may be empty. */
interface Choice {
  readonly kind: 'choice'
  readonly alternatives: readonly (readonly CharSet[])[]
}

/** The pattern as items in a row, for a match of the whole text; undefined when it is not simple. */
export function readSimplePattern(pattern: string): readonly Item[] | undefined {
  try {
    return new Reader(pattern).read()
  } catch (error) {
    if (error instanceof NotSimple) return undefined
    throw error
  }
}

class NotSimple extends Error {}

const any = complement(single(0x0a))
const digit = charSet([[0x30, 0x39]])
// RE2's ASCII meanings; \s has no vertical tab
const word = union([
  digit,
  charSet([
    [0x41, 0x5a],
    [0x5f, 0x5f],
    [0x61, 0x7a],
  ]),
])
const space = charSet([
  [0x09, 0x0a],
  [0x0c, 0x0d],
  [0x20, 0x20],
])

const escapes: ReadonlyMap<string, CharSet> = new Map([
  ['d', digit],
  ['D', complement(digit)],
  ['w', word],
  ['W', complement(word)],
  ['s', space],
  ['S', complement(space)],
  ['t', single(0x09)],
  ['n', single(0x0a)],
  ['f', single(0x0c)],
  ['r', single(0x0d)],
])

const punctuation = /^[!-/:-@[-^`{-~]$/
const repeatSyntax = /^\{(\d{1,3})(,(\d{1,3})?)?\}/
const groupStart = /^\((?:\?:|\?P?<\w+>)?(?!\?)/
const greatestBound = 100

class Reader {
  readonly #pattern: string
  #at = 0

  constructor(pattern: string) {
    this.#pattern = pattern
  }

  read(): readonly Item[] {
    // anchors at both ends say nothing new: the whole text has to match anyway
    if (this.#pattern.startsWith('^')) this.#at = 1
    const items = this.#alternatives()
    if (this.#at !== this.#pattern.length) throw new NotSimple()
    return items
  }

  #alternatives(): readonly Item[] {
    const sequences = [this.#sequence()]
    while (this.#take('|')) sequences.push(this.#sequence())
    const [only] = sequences
    if (only !== undefined && sequences.length === 1) return only
    return [{ kind: 'choice', alternatives: sequences.map(fixed) }]
  }

  #sequence(): readonly Item[] {
    const items: Item[] = []
    for (;;) {
      const next = this.#pattern[this.#at]
      if (next === undefined || next === '|' || next === ')') return items
      if (next === '$') {
        if (this.#at !== this.#pattern.length - 1) throw new NotSimple()
        this.#at++
      } else if (next === '(') {
        items.push(...this.#group())
      } else {
        const set = this.#character()
        items.push({ kind: 'repeat', set, ...this.#quantifier() })
      }
    }
  }

  #group(): readonly Item[] {
    const start = groupStart.exec(this.#pattern.slice(this.#at))
    if (start === null) throw new NotSimple()
    this.#at += start[0].length
    const items = this.#alternatives()
    if (!this.#take(')')) throw new NotSimple()
    const { min, max } = this.#quantifier()
    if (min === 1 && max === 1) return items
    const [only] = items
    if (items.length === 1 && only?.kind === 'repeat' && only.min === 1 && only.max === 1)
      return [{ ...only, min, max }]
    if (min !== 0 || max !== 1) throw new NotSimple()
    const choices = items.length === 1 && only?.kind === 'choice' ? only.alternatives : [fixed(items)]
    return [{ kind: 'choice', alternatives: [...choices, []] }]
  }

  #character(): CharSet {
    const char = this.#char()
    if (char === '.') return any
    if (char === '[') return this.#class()
    if (char === '\\') return this.#escape()
    if ('*+?{}]^'.includes(char)) throw new NotSimple()
    return single(codeOf(char))
  }

  #escape(): CharSet {
    const char = this.#char()
    const named = escapes.get(char)
    if (named !== undefined) return named
    if (!punctuation.test(char)) throw new NotSimple()
    return single(codeOf(char))
  }

  #class(): CharSet {
    const negated = this.#take('^')
    const members: CharSet[] = []
    for (let first = true; first || !this.#take(']'); first = false) {
      const member = this.#member(first)
      const isRange = this.#pattern[this.#at] === '-' && this.#pattern[this.#at + 1] !== ']'
      if (!isRange) {
        members.push(member)
        continue
      }
      this.#at++
      const [from, to] = [onlyOf(member), onlyOf(this.#member(false))]
      if (to < from) throw new NotSimple()
      members.push(charSet([[from, to]]))
    }
    const set = negated ? complement(union(members)) : union(members)
    if (set.length === 0) throw new NotSimple()
    return set
  }

  #member(first: boolean): CharSet {
    const char = this.#char()
    if (char === '\\') return this.#escape()
    const closes = this.#pattern[this.#at] === ']'
    if (char === '[' || (char === ']' && !first) || (char === '-' && !first && !closes)) throw new NotSimple()
    return single(codeOf(char))
  }

  /** Lazy quantifiers match the same texts as greedy ones. */
  #quantifier(): { min: number; max: number } {
    const bounds = this.#bounds()
    if (bounds === undefined) return { min: 1, max: 1 }
    this.#take('?')
    const next = this.#pattern[this.#at]
    if (next !== undefined && '*+?{'.includes(next)) throw new NotSimple()
    return bounds
  }

  #bounds(): { min: number; max: number } | undefined {
    if (this.#take('*')) return { min: 0, max: Infinity }
    if (this.#take('+')) return { min: 1, max: Infinity }
    if (this.#take('?')) return { min: 0, max: 1 }
    const [all, from = '', comma, to] = repeatSyntax.exec(this.#pattern.slice(this.#at)) ?? []
    if (all === undefined) return undefined
    this.#at += all.length
    const min = Number(from)
    const max = comma === undefined ? min : to === undefined ? Infinity : Number(to)
    if (min > greatestBound || max < min || (max !== Infinity && max > greatestBound)) throw new NotSimple()
    return { min, max }
  }

  #char(): string {
    const codePoint = this.#pattern.codePointAt(this.#at)
    if (codePoint === undefined) throw new NotSimple()
    const char = String.fromCodePoint(codePoint)
    this.#at += char.length
    return char
  }

  #take(char: string): boolean {
    if (this.#pattern[this.#at] !== char) return false
    this.#at++
    return true
  }
}

/** A sequence without a choice in it, written out character by character. */
function fixed(items: readonly Item[]): readonly CharSet[] {
  return items.flatMap((item) => {
    if (item.kind === 'choice' || item.min !== item.max) throw new NotSimple()
    return Array.from({ length: item.min }, () => item.set)
  })
}

function onlyOf(set: CharSet): number {
  const [first, last] = set
  if (first === undefined || set.length !== 2 || first !== last) throw new NotSimple()
  return first
}

function codeOf(char: string): number {
  return char.codePointAt(0) ?? 0
}
