// The law of words: "Envoy's nouns, our grammar". Istio's words stay behind the Istio door, xDS' words behind the xDS door.
// Comments may say anything.
import { expect, test } from 'vitest'
import { type Breach, occurrences, parse, type Source, sources } from './tree.ts'

const istioWords = /\w*([Vv]irtualService|[Dd]estinationRule|[Ss]ubset)\w*|outbound\|/
const xdsWords = /\b(Listener|typeUrl|nonce)\b/

const core = sources('packages/core/src').filter((source) => !source.isTest)
const http = sources('packages/http/src').filter((source) => !source.isTest)

test("core and http know no word of Istio's", () => {
  expect([...core, ...http].flatMap((source) => said(source, istioWords, 'Istio'))).toEqual([])
})

test("core knows no word of xDS's wire", () => {
  expect(core.flatMap((source) => said(source, xdsWords, 'xDS'))).toEqual([])
})

test('the law hears both kinds of words in code, and not in comments', () => {
  const bad = parse('x.ts', "// a DestinationRule's nonce\nconst subsets = 'outbound|80'\ninterface Listener {}\n")
  expect(said(bad, istioWords, 'Istio')).toEqual([
    'x.ts:2: `subsets` stays behind the Istio door',
    'x.ts:2: `outbound|` stays behind the Istio door',
  ])
  expect(said(bad, xdsWords, 'xDS')).toEqual(['x.ts:3: `Listener` stays behind the xDS door'])
})

function said(source: Source, words: RegExp, door: string): Breach[] {
  return occurrences(source, words, (word) => `\`${word}\` stays behind the ${door} door`)
}
