// Plays random cases in batches, one Envoy for each, and makes the first that differs as small as it gets.
import fc from 'fast-check'
import { differences } from '../harness/difference.ts'
import { Stage } from '../harness/stage.ts'
import { givenOf, type Recipe, recipe } from './recipe.ts'
import { smaller } from './smaller.ts'

export interface Finding {
  readonly recipe: Recipe
  readonly complaints: readonly string[]
}

const batchSize = 250
const workers = 12
/** Smaller variants that are tried at a time, and how often. */
const candidates = 120
const rounds = 25

/** The smallest case that differs, if any does. */
export async function search(binary: string, seed: number, count: number): Promise<Finding | undefined> {
  const all = fc.sample(recipe, { seed, numRuns: count })
  for (let from = 0; from < count; from += batchSize) {
    const found = await firstOf(binary, all.slice(from, from + batchSize))
    if (found !== undefined) return smallest(binary, found)
  }
  return undefined
}

async function smallest(binary: string, finding: Finding): Promise<Finding> {
  let best = finding
  for (let round = 0; round < rounds; round++) {
    const variants = smaller(best.recipe).slice(0, candidates)
    const found = variants.length === 0 ? undefined : await firstOf(binary, variants)
    if (found === undefined) return best
    best = found
  }
  return best
}

/** The first, in their order, that differs twice: what differs once may be a race. */
async function firstOf(binary: string, recipes: readonly Recipe[]): Promise<Finding | undefined> {
  const givens = recipes.map(givenOf)
  const stage = await Stage.start(binary, givens)
  try {
    const complaints = new Map<number, readonly string[]>()
    let next = 0
    const compare = async (index: number): Promise<string[]> => {
      const { ours, envoys } = await stage.play(givens[index] ?? {})
      return differences(ours, envoys)
    }
    const work = async (): Promise<void> => {
      for (let index = next++; index < givens.length; index = next++) {
        const first = await compare(index)
        if (first.length > 0) complaints.set(index, first)
      }
    }
    await Promise.all(Array.from({ length: workers }, work))
    for (const index of [...complaints.keys()].toSorted((a, b) => a - b)) {
      const again = await compare(index)
      const found = recipes[index]
      if (again.length > 0 && found !== undefined) return { recipe: found, complaints: again }
    }
    return undefined
  } finally {
    await stage.close()
  }
}
