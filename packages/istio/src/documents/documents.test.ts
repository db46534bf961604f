// Texts to resources: what is accepted, what is refused and where, and what is kept.
import { inspect } from 'node:util'
import type { ConfigSink, DocumentSink, MeshConfig, Problem } from '@proxyless/core/spi'
import { describe, expect, test } from 'vitest'
import { REVIEWS, SERVICES, SUBSETS, clustersOf, hostOf, optionsFor, virtualService } from '../bookinfo.suite.ts'
import { documentSource } from '../document-source.ts'
import { check, fromDocuments } from '../mesh-source.ts'
import { splitDocuments } from './chunk.ts'
import { isEmptyText } from './read-text.ts'

const GOOD = virtualService('r', 'hosts: [reviews]\nhttp:\n- name: good\n  route: [{destination: {host: reviews}}]')
const text = (name: string, body: string): { name: string; text: string } => ({ name, text: body })

async function problemsIn(body: string, strict = false): Promise<readonly Problem[]> {
  return (await check([text('a.yaml', body)], optionsFor({ strict }))).problems
}

/** A source whose texts the test sets. */
class Desk {
  readonly configs: MeshConfig[] = []
  sink: DocumentSink | undefined

  constructor() {
    const sink: ConfigSink = { config: (config) => this.configs.push(config), problem: () => {} }
    fromDocuments({ start: (given) => void (this.sink = given), close: async () => {} }, optionsFor()).start(sink)
  }

  async put(...texts: { name: string; text: string }[]): Promise<MeshConfig> {
    this.sink?.texts([text('services.yaml', SERVICES), ...texts])
    for (let turn = 0; turn < 50; turn++) await Promise.resolve()
    const config = this.configs.at(-1)
    if (config === undefined) throw new Error('no configuration yet')
    return config
  }
}

const routeName = (config: MeshConfig): string | undefined => hostOf(config, `${REVIEWS}:9080`).routes[0]?.name

describe('splitting', () => {
  test('documents are cut at --- lines and keep their lines', () => {
    const chunks = splitDocuments('f', '# only a comment\n---\na: 1\n--- # two\n\nb: 2\n---\n')
    expect(chunks.map((chunk) => [chunk.firstLine, chunk.text.trim()])).toEqual([
      [1, 'a: 1'],
      [3, '# two\n\nb: 2'],
    ])
  })
})

describe('whether a text holds a document', () => {
  test.each([
    '',
    '# nothing\n---\n\n',
    '%YAML 1.2\n---\n',
    '[]',
    'null',
    '~',
    '...',
    'apiVersion: v1\nkind: List\nitems: []\nmetadata:\n  resourceVersion: ""\n',
    '{"apiVersion": "v1", "kind": "List", "items": []}',
    'kind: VirtualServiceList\nitems:\n- kind: List\n  items: []\n- null\n---\n[]\n',
  ])('none: %j', (given) => {
    expect(isEmptyText(text('f', given))).toBe(true)
  })

  test.each([
    ['a document', GOOD],
    ['a list of one', `[${JSON.stringify({ kind: 'Gateway' })}]`],
    ['a document after a list without items', `kind: List\nitems: []\n---\n${GOOD}`],
    ['what is none of ours', 'kind: ConfigMap'],
    ['what cannot be read', 'a: [b'],
    ['a key twice', '{"kind": "List", "kind": "List", "items": []}'],
    ['a list that does not say what is in it', 'kind: List'],
  ])('perhaps one: %s', (_what, given) => {
    expect(isEmptyText(text('f', given))).toBe(false)
  })
})

describe('reading', () => {
  test('an unknown field is a warning with the place of its key, and an error under strict', async () => {
    const body = `---\n${GOOD.replace('- name: good', '- nmae: good')}`
    expect(await problemsIn(body)).toContainEqual(
      expect.objectContaining({
        code: 'UNKNOWN_FIELD',
        severity: 'warning',
        outcome: 'applied',
        path: 'spec.http[0].nmae',
        line: 8,
        column: 5,
      }),
    )
    expect(await problemsIn(body, true)).toContainEqual(
      expect.objectContaining({ code: 'UNKNOWN_FIELD', severity: 'error', outcome: 'void' }),
    )
  })

  test.each([
    ['{uri: {prefx: /beta}}', 'spec.http[0].match[0].uri.prefx', '(did you mean "prefix"?)'],
    ['{headers: {end-user: {exakt: jason}}}', 'spec.http[0].match[0].headers.end-user.exakt', '"exact"'],
    ['{url: {prefix: /beta}}', 'spec.http[0].match[0].url', '(did you mean "uri"?)'],
    ['{uri: {}}', 'spec.http[0].match[0].uri', 'needs exact, prefix or regex'],
    ['{method: {exact: null}}', 'spec.http[0].match[0].method', 'needs exact, prefix or regex'],
  ])('a match without its only condition is refused, not one for everything: %s', async (match, path, words) => {
    const body = virtualService(
      'r',
      `hosts: [reviews]\nhttp:\n- match: [${match}]\n  route: [{destination: {host: reviews}}]`,
    )
    const [problem, ...others] = await problemsIn(body)
    expect(others).toEqual([])
    expect(problem).toMatchObject({ severity: 'error', outcome: 'void', path, line: 7 })
    expect(problem?.message).toContain(words)
  })

  test('a header matcher that is {} asks for presence', async () => {
    const body = virtualService(
      'r',
      'hosts: [reviews]\nhttp:\n- match: [{headers: {x: {}}, withoutHeaders: {y: null}}]\n  route: [{destination: {host: reviews}}]',
    )
    expect((await problemsIn(body)).filter(({ severity }) => severity === 'error')).toEqual([])
  })

  test.each([
    [GOOD.replace('- name: good', '- nmae: good'), 'unknown field "nmae" (did you mean "name"?); it is ignored'],
    [GOOD.replace('metadata:', 'labels: {}\nmetadata:'), 'unknown field "labels"; it is ignored'],
    [GOOD.replace('VirtualService', 'Virtualservice'), 'not used (did you mean "VirtualService"?)'],
  ])('the nearest name is offered for one that is unknown', async (body, words) => {
    expect((await problemsIn(body)).map(({ message }) => message).join()).toContain(words)
  })

  test('snake_case and nulls are read as protobuf reads them', async () => {
    const body =
      'apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: r}\nspec:\n  host: reviews\n  traffic_policy: {connection_pool: {tcp: {max_connections: 5}}}\n  subsets:\n'
    const { config } = await check([text('s', SERVICES), text('a', body)], optionsFor())
    expect(config.problems).toEqual([])
    expect(config.clusters.get(`outbound|9080||${REVIEWS}`)?.circuitBreakers.maxConnections).toBe(5)
  })

  test('words that YAML 1.1 reads as booleans are warned of and kept as text', async () => {
    const body = virtualService(
      'r',
      'hosts: [reviews]\nhttp:\n- match: [{headers: {y: {exact: on}}}]\n  route: [{destination: {host: reviews}}]',
    )
    const { config } = await check([text('s', SERVICES), text('a', body)], optionsFor())
    expect(hostOf(config, `${REVIEWS}:9080`).routes[0]?.match.headers).toEqual([
      { name: 'y', match: { kind: 'exact', value: 'on' }, invert: false },
    ])
    expect(config.problems.map(({ code, line, column }) => ({ code, line, column }))).toEqual([
      { code: 'CFG_YAML11_BOOL', line: 7, column: 24 },
      { code: 'CFG_YAML11_BOOL', line: 7, column: 35 },
    ])
  })

  test('aliases beyond a hundred are refused', async () => {
    const bomb = `a: &a [1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n`
    expect(await problemsIn(bomb)).toMatchObject([{ code: 'YAML_ALIASES', severity: 'error' }])
  })

  test.each([
    ['a wrong apiVersion', GOOD.replace('istio.io/v1', 'istio.io/v9'), 'API_VERSION'],
    ['no kind', 'a: 1', 'NOT_A_RESOURCE'],
    ['no name', 'kind: Service\napiVersion: v1\n', 'NOT_A_RESOURCE'],
    ['a kind that is not used', 'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n', 'UNSUPPORTED_KIND'],
    ['duplicate keys', GOOD.replace('- name: good', '- name: good\n    name: bad'), 'YAML_DUPLICATE_KEY'],
  ])('%s is reported', async (_name, body, code) => {
    expect((await problemsIn(body)).map((problem) => problem.code)).toContain(code)
  })

  test('a problem is printed with its line and column', async () => {
    const [problem] = await problemsIn(GOOD.replace('- name: good', '- nmae: good'))
    expect(inspect(problem)).toMatch(/line: 7,\s+column: 5/)
    expect(inspect(problem)).not.toContain('Getter')
  })

  test('lists and JSON are read too', async () => {
    const list = {
      apiVersion: 'v1',
      kind: 'List',
      items: [{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'x' }, spec: { ports: [{ port: 80 }] } }],
    }
    const { config } = await check([text('a.json', JSON.stringify(list))], optionsFor())
    expect(hostOf(config, 'x.bookinfo.svc.cluster.local:80')).toBeDefined()
  })

  test('of two documents with one name the later is used', async () => {
    const { problems } = await check([text('a', GOOD), text('b', GOOD)], optionsFor())
    const duplicate = problems.find(({ code }) => code === 'DUPLICATE_RESOURCE')
    expect(duplicate).toMatchObject({ source: 'b', line: 1 })
    expect(duplicate?.message).toContain('instead of a:1')
  })

  test('documents may be given in code', async () => {
    const configs: MeshConfig[] = []
    const source = fromDocuments(
      documentSource([SERVICES, GOOD, { kind: 'MeshConfig', pathNormalization: { normalization: 'NONE' } }]),
      optionsFor(),
    )
    source.start({ config: (config) => configs.push(config), problem: () => {} })
    for (let turn = 0; turn < 50; turn++) await Promise.resolve()
    await source.close()
    expect(configs).toHaveLength(1)
    expect(configs[0]?.pathNormalization).toBe('none')
  })
})

describe('keeping the last good version', () => {
  const bad = GOOD.replace('{host: reviews}}]', '{host: reviews}, weight: "1"}]')

  test('a refused document keeps its previous version, or is void', async () => {
    const desk = new Desk()
    expect((await desk.put(text('vs', bad))).problems).toMatchObject([{ outcome: 'void' }])
    expect(routeName(await desk.put(text('vs', GOOD)))).toBe('good')
    const kept = await desk.put(text('vs', bad))
    expect(kept.problems).toMatchObject([{ outcome: 'kept', code: 'INVALID_VALUE' }])
    expect(routeName(kept)).toBe('good')
    expect(routeName(await desk.put(text('vs', bad), text('other', '# nothing')))).toBe('good')
    expect(routeName(await desk.put())).toBe('default')
  })

  test('a file that cannot be parsed keeps all it held', async () => {
    const desk = new Desk()
    await desk.put(text('vs', `${GOOD}---\n${SUBSETS}`))
    const kept = await desk.put(text('vs', 'kind: VirtualService\n\tx: 1\n'))
    expect(kept.problems).toMatchObject([{ code: 'YAML_TAB', outcome: 'kept', line: 2 }])
    expect(routeName(kept)).toBe('good')
    expect(kept.clusters.has(`outbound|9080|v1|${REVIEWS}`)).toBe(true)
  })

  test('unchanged hosts and clusters stay the same objects', async () => {
    const desk = new Desk()
    const before = await desk.put(text('vs', GOOD))
    const after = await desk.put(text('vs', GOOD.replace('name: good', 'name: better')))
    expect(after.version).not.toBe(before.version)
    expect(after.clusters).toBe(before.clusters)
    const same = before.virtualHosts.filter((host) => after.virtualHosts.includes(host))
    expect(same).toHaveLength(before.virtualHosts.length - 1)
    const again = await desk.put(text('vs', GOOD.replace('name: good', 'name: better')))
    expect(again.virtualHosts).toBe(after.virtualHosts)
    expect(again.version).toBe(after.version)
  })

  test('updates that arrive during work are joined', async () => {
    const desk = new Desk()
    desk.sink?.texts([text('s', SERVICES)])
    desk.sink?.texts([text('s', 'kind: VirtualService')])
    const last = await desk.put(text('vs', GOOD))
    expect(desk.configs).toHaveLength(2)
    expect(clustersOf(hostOf(last, `${REVIEWS}:9080`))).toEqual([`outbound|9080||${REVIEWS}`])
  })
})
