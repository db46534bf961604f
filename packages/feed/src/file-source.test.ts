import { mkdir, mkdtemp, readFile, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { VirtualClock } from '@proxyless/core/spi'
import type { DocumentSource, DocumentText, Problem } from '@proxyless/core/spi'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { fileSource } from './file-source.ts'

let directory: string
let clock: VirtualClock
let sources: DocumentSource[]

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'proxyless-feed-'))
  clock = new VirtualClock()
  sources = []
})

afterEach(async () => {
  for (const source of sources) await source.close()
  await rm(directory, { recursive: true, force: true })
})

describe('what is handed over', () => {
  test('all documents in and below the directory, sorted by path', async () => {
    await put('b.yaml', 'B')
    await put('a.yml', 'A')
    await put('deep/er/c.json', 'C')
    await put('notes.txt', 'no document')
    await put('.hidden.yaml', 'hidden')
    await put('.git/d.yaml', 'hidden')
    const seen = watchFrom(directory)
    await seen.until({ 'a.yml': 'A', 'b.yaml': 'B', 'deep/er/c.json': 'C' })
    expect(seen.problems).toEqual([])
    expect(seen.sets).toHaveLength(1)
  })

  test('a single file, whatever its name', async () => {
    await put('mesh.conf', 'one')
    const seen = watchFrom(join(directory, 'mesh.conf'))
    await seen.until({ 'mesh.conf': 'one' })
    await put('mesh.conf', 'two')
    await seen.until({ 'mesh.conf': 'two' })
  })

  test('an empty set for an empty directory', async () => {
    const seen = watchFrom(directory)
    await seen.until({})
    expect(seen.problems).toEqual([])
  })

  test('a text that did not change keeps its identity, and a touched file is no news', async () => {
    await put('a.yaml', 'A')
    await put('b.yaml', 'B')
    const seen = watchFrom(directory)
    await seen.until({ 'a.yaml': 'A', 'b.yaml': 'B' })
    await utimes(join(directory, 'a.yaml'), 1, 1)
    await put('b.yaml', 'B2')
    await seen.until({ 'a.yaml': 'A', 'b.yaml': 'B2' })
    expect(seen.sets).toHaveLength(2)
    expect(seen.sets[1]?.[0]).toBe(seen.sets[0]?.[0])
  })

  test('a directory that links to itself is walked once', async () => {
    await put('a.yaml', 'A')
    await symlink('.', join(directory, 'loop'))
    const seen = watchFrom(directory)
    await seen.until({ 'a.yaml': 'A' })
    expect(seen.sets[0]).toHaveLength(1)
  })
})

describe('changes', () => {
  test('a file replaced by renaming, as editors do', async () => {
    await put('a.yaml', 'old')
    const seen = watchFrom(directory)
    await seen.until({ 'a.yaml': 'old' })
    await put('a.yaml.swp', 'new')
    await rename(join(directory, 'a.yaml.swp'), join(directory, 'a.yaml'))
    await seen.until({ 'a.yaml': 'new' })
    await put('a.yaml.swp', 'new again')
    await rename(join(directory, 'a.yaml.swp'), join(directory, 'a.yaml'))
    await seen.until({ 'a.yaml': 'new again' })
  })

  test('a ConfigMap volume swapped by its symbolic link comes as one set', async () => {
    await put('..2026_1/a.yaml', 'A1')
    await put('..2026_1/b.yaml', 'B1')
    await symlink('..2026_1', join(directory, '..data'))
    await symlink('..data/a.yaml', join(directory, 'a.yaml'))
    await symlink('..data/b.yaml', join(directory, 'b.yaml'))
    const seen = watchFrom(directory)
    await seen.until({ 'a.yaml': 'A1', 'b.yaml': 'B1' })
    await put('..2026_2/a.yaml', 'A2')
    await put('..2026_2/b.yaml', 'B2')
    await symlink('..2026_2', join(directory, '..data_tmp'))
    await rename(join(directory, '..data_tmp'), join(directory, '..data'))
    await rm(join(directory, '..2026_1'), { recursive: true })
    await seen.until({ 'a.yaml': 'A2', 'b.yaml': 'B2' })
    expect(seen.sets).toHaveLength(2)
    expect(seen.problems).toEqual([])
  })

  test('files added, deleted, and a directory deleted and created again', async () => {
    await put('a.yaml', 'A')
    await put('team/b.yaml', 'B')
    const seen = watchFrom(directory)
    await seen.until({ 'a.yaml': 'A', 'team/b.yaml': 'B' })
    await rm(join(directory, 'team'), { recursive: true })
    await seen.until({ 'a.yaml': 'A' })
    await put('team/b.yaml', 'B2')
    await seen.until({ 'a.yaml': 'A', 'team/b.yaml': 'B2' })
    await put('team/b.yaml', 'B3')
    await put('team/c.yaml', 'C')
    await seen.until({ 'a.yaml': 'A', 'team/b.yaml': 'B3', 'team/c.yaml': 'C' })
    expect(seen.problems).toEqual([])
  })

  test('the last document deleted empties the set', async () => {
    await put('a.yaml', 'A')
    const seen = watchFrom(directory)
    await seen.until({ 'a.yaml': 'A' })
    await rm(join(directory, 'a.yaml'))
    await seen.until({})
    expect(seen.problems).toEqual([])
  })

  test('are seen within a second, hints or not', async () => {
    await put('a.yaml', 'A')
    const seen = watchFrom(directory, 10) // virtual time no faster than real time: looking takes real time
    await seen.until({ 'a.yaml': 'A' })
    const start = clock.now()
    await rm(join(directory, 'a.yaml'))
    await seen.until({})
    expect(clock.now() - start).toBeLessThanOrEqual(1000)
  })

  test('several files written at once come as one set', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `f${index}.yaml`)
    for (const name of names) await put(name, '1')
    const seen = watchFrom(directory)
    await seen.until(Object.fromEntries(names.map((name) => [name, '1'])))
    for (const name of names) await put(name, '2')
    await seen.until(Object.fromEntries(names.map((name) => [name, '2'])))
    expect(seen.sets).toHaveLength(2)
  })

  test('a directory that never rests is still handed over', async () => {
    await put('a.yaml', '0')
    const seen = watchFrom(directory)
    await seen.until({ 'a.yaml': '0' })
    for (let round = 1; seen.sets.length < 4 && round < 5000; round++) {
      await put('a.yaml', String(round))
      clock.advance(50)
      await turn()
    }
    expect(seen.sets.length).toBe(4)
  })
})

describe('bad news', () => {
  test('a missing path is a problem, and is picked up when it appears', async () => {
    const root = join(directory, 'later')
    const seen = watchFrom(root)
    await seen.untilProblems(1)
    expect(seen.problems[0]).toMatchObject({ code: 'SOURCE_UNREADABLE', outcome: 'void', resource: root })
    expect(seen.sets).toEqual([])
    await put('later/a.yaml', 'A')
    await seen.until({ 'a.yaml': 'A' })
    expect(seen.problems).toHaveLength(1)
  })

  test('a directory that goes away leaves what was there, and is told as recovered when it returns', async () => {
    await put('mesh/a.yaml', 'A')
    const seen = watchFrom(join(directory, 'mesh'))
    await seen.until({ 'a.yaml': 'A' })
    await rename(join(directory, 'mesh'), join(directory, 'away'))
    await seen.untilProblems(1)
    expect(seen.problems[0]).toMatchObject({ outcome: 'kept' })
    expect(seen.sets).toHaveLength(1)
    await rename(join(directory, 'away'), join(directory, 'mesh'))
    await seen.untilSets(2)
    expect(seen.sets[1]?.[0]).toBe(seen.sets[0]?.[0])
  })

  test('a file that cannot be read keeps its last text; the others change', async () => {
    await put('a.yaml', 'A')
    await put('b.yaml', 'B')
    const seen = watchFrom(directory)
    await seen.until({ 'a.yaml': 'A', 'b.yaml': 'B' })
    await symlink('a.yaml', join(directory, 'link'))
    await rename(join(directory, 'link'), join(directory, 'a.yaml')) // a link to itself
    await put('b.yaml', 'B2')
    await seen.until({ 'a.yaml': 'A', 'b.yaml': 'B2' })
    await seen.untilProblems(1)
    expect(seen.problems[0]).toMatchObject({ outcome: 'kept', resource: join(directory, 'a.yaml') })
    await rm(join(directory, 'a.yaml'))
    await put('a.yaml', 'A3')
    await seen.until({ 'a.yaml': 'A3', 'b.yaml': 'B2' })
    expect(seen.problems).toHaveLength(1)
  })

  test('a file that can be seen but not read is void, and told once', async () => {
    await put('b.yaml', 'B')
    await symlink('/proc/self/mem', join(directory, 'a.yaml')) // reading it at 0 fails, for root too
    if (
      await readFile(join(directory, 'a.yaml')).then(
        () => true,
        () => false,
      )
    )
      return
    const seen = watchFrom(directory)
    await seen.until({ 'b.yaml': 'B' })
    await seen.untilProblems(1)
    expect(seen.problems[0]).toMatchObject({ outcome: 'void' })
    for (let round = 0; round < 40; round++) {
      clock.advance(100)
      await turn()
    }
    expect(seen.problems).toHaveLength(1)
    expect(seen.sets).toHaveLength(1)
  })
})

describe('closing', () => {
  test('leaves no timer and no watcher, also in the middle of a scan', async () => {
    await put('a.yaml', 'A')
    const watchers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'FSEvent').length
    const before = watchers()
    const early = watchFrom(directory)
    await early.source.close()
    expect(early.sets).toEqual([])
    const late = watchFrom(directory)
    await late.until({ 'a.yaml': 'A' })
    await late.source.close()
    await vi.waitFor(() => expect(watchers()).toBe(before))
    expect(clock.pendingTimers).toBe(0)
  })
})

interface Seen {
  readonly source: DocumentSource
  readonly sets: (readonly DocumentText[])[]
  readonly problems: Problem[]
  /** Lets time pass until the last set is this: path below the root to text. */
  until(expected: Readonly<Record<string, string>>): Promise<void>
  untilSets(count: number): Promise<void>
  untilProblems(count: number): Promise<void>
}

function watchFrom(root: string, interval = 2): Seen {
  const sets: (readonly DocumentText[])[] = []
  const problems: Problem[] = []
  const source = fileSource(root, { clock })
  sources.push(source)
  source.start({
    texts: (texts) => void sets.push(texts),
    problem: (problem) => void problems.push(problem),
    isEmpty: () => false,
  })
  const eventually = async (check: () => void): Promise<void> => {
    await vi.waitFor(
      () => {
        try {
          check()
        } catch (error) {
          clock.advance(10)
          throw error
        }
      },
      { timeout: 5000, interval },
    )
  }
  return {
    source,
    sets,
    problems,
    until: (expected) =>
      eventually(() => {
        const texts = sets.at(-1)?.map(({ name, text }) => [nameBelow(root, name), text])
        expect(texts).toEqual(Object.entries(expected).sort(([a], [b]) => (a < b ? -1 : 1)))
      }),
    untilSets: (count) => eventually(() => expect(sets).toHaveLength(count)),
    untilProblems: (count) => eventually(() => expect(problems).toHaveLength(count)),
  }
}

function nameBelow(root: string, name: string): string {
  return name === root ? root.slice(directory.length + 1) : name.slice(root.length + 1)
}

async function put(name: string, text: string): Promise<void> {
  const path = join(directory, name)
  await mkdir(join(path, '..'), { recursive: true })
  await writeFile(path, text)
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
