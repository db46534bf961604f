// ANNOTATIONS.md lists every annotation, word and parameter with its default and range, and no other.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ANNOTATIONS, type Parameter } from './table.ts'

const page = readFileSync(new URL('../../../../ANNOTATIONS.md', import.meta.url), 'utf8')

test('every annotation has its rows, in the order of the table, with defaults and ranges', () => {
  const rows = [...page.matchAll(/^\|(.*)\|$/gm)].slice(2).map(([, row = '']) =>
    row
      .split('|')
      .slice(0, 5)
      .map((cell) => cell.replaceAll('`', '').trim()),
  )
  const said: string[] = []
  let annotation = ''
  let word = ''
  for (const [first = '', second = '', parameter = '', byDefault = '', range = ''] of rows) {
    annotation = first || annotation
    word = second || word
    said.push([annotation, word, parameter, byDefault, range].join(' ').trim())
  }
  expect(said).toEqual(expected())
})

function expected(): string[] {
  return Object.entries(ANNOTATIONS).flatMap(([annotation, words]) =>
    Object.entries(words).flatMap(([word, parameters]) => [
      `${annotation} ${word}`,
      ...Object.entries(parameters).map(
        ([name, parameter]) =>
          `${annotation} ${word} ${name} ${valueOf(parameter, parameter.byDefault)} ${valueOf(parameter, parameter.min)} to ${valueOf(parameter, parameter.max)}`,
      ),
    ]),
  )
}

function valueOf({ kind }: Parameter, value: number | undefined): string {
  if (value === undefined) return 'none: it must be said'
  if (kind !== 'duration') return String(value)
  if (value === 86_400_000) return '24h'
  return value % 1_000 === 0 ? `${value / 1_000}s` : `${value}ms`
}
