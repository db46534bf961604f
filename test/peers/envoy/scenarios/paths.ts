// SEMANTICS 3.1: what becomes of a path before it is matched, and how it goes on.
import { type Scenario, scenario } from '../harness/scenario.ts'
import { prefix, to } from '../harness/words.ts'

const odd = [
  '/a/../b', '/a/./b', '/a/.', '/a/..', '/..', '/../../x', '/a/%2e%2e/b', '/a/%2E/b', '/%72w', '/%7Eu/%41', '/a%2Fb', '/a%2fb', '/a%5Cb', '/a%5cb',
  '/a\\b', '/\\..\\b', '//rw', '/a//b', '/a///', '/%zz', '/%', '/%4', '/a%20b', '/%E4%BD', '/a/..;/b', '/.../b', '/a/.b/..c', '/a?x=/../y', '/a?x=%zz',
  '/a%00b', '/%25zz', '/a//../b', '/a/%2e%2e%2fb', '/%2e', '/*', '/a;b=c', '/a|b', '/a^b`{}', "/a'b\"c", '/a[b]',
] // prettier-ignore

export const paths: readonly Scenario[] = (['base', 'none', 'mergeSlashes', 'decodeAndMergeSlashes'] as const).map(
  (pathNormalization) =>
    scenario(`3.1: ${odd.length} odd paths, ${pathNormalization}`, {
      routes: [to('a', {}, prefix('/a')), to('b', {}, prefix('/b')), to('c', {}, prefix('/rw')), to('f')],
      config: { pathNormalization },
      asks: odd,
    }),
)
