// One fixture through the API server and istiod and through our own translation: what is refused, and each decision.
import type { ExplainRequest, Problem } from 'proxyless'
import { until } from '../../kit/until.ts'
import { type Decision, decisionOn, differences, type Watched } from './decision.ts'
import { type CaseDifference, caseDifferences, lineDifferences, refusalDifferences } from './differences.ts'
import type { Fixture } from './fixtures.ts'
import type { ControlPlane, Refusal } from './plane/control-plane.ts'
import {
  caller,
  type Client,
  type Dialect,
  dialects,
  istiodSide,
  mark,
  ourSide,
  settled,
  type TranslationOptions,
} from './sides.ts'

/** What is the same on the way to every fixture of a suite. */
export class Comparison {
  readonly #plane: ControlPlane
  /** Entries of the lists that were needed. */
  readonly used = new Set<object>()
  /** Decisions that are equal, and those that are listed. */
  readonly counts: Record<Dialect, [equal: number, listed: number]> = {
    sidecar: [0, 0],
    api: [0, 0],
    documents: [0, 0],
  }
  #registry = ''

  constructor(plane: ControlPlane) {
    this.#plane = plane
  }

  /** What is different and listed nowhere; nothing is what it should be. */
  async compare(fixture: Fixture): Promise<string[]> {
    if (fixture.registry !== this.#registry) await this.#replaceRegistry(fixture.registry)
    const { meshConfig } = fixture.options
    if (meshConfig !== undefined) this.#plane.istiod.configure(meshConfig)
    const refusals = await this.#plane.apply(fixture.documents)
    try {
      return await this.#compareApplied(fixture, refusals)
    } finally {
      await this.#plane.delete(fixture.documents)
      await this.#plane.restore(fixture.registry, fixture.documents)
      if (meshConfig !== undefined) this.#plane.istiod.configure({})
    }
  }

  async #replaceRegistry(registry: string): Promise<void> {
    await this.#plane.delete(this.#registry)
    await this.#plane.put(registry)
    this.#registry = registry
  }

  async #compareApplied(fixture: Fixture, refusals: readonly Refusal[]): Promise<string[]> {
    const number = await mark(this.#plane)
    const client = { ...caller, ...(fixture.options.workload as Partial<Client> | undefined) }
    const { meshConfig, compat } = fixture.options
    const said = {
      ...(meshConfig === undefined ? {} : { meshConfig }),
      ...(typeof compat === 'string' ? { compat } : {}),
    }
    const ours = new OurSides(fixture, client, said)
    const unlisted = this.#refusalsUnlisted(fixture, refusals, (await ours.with({})).config().problems)
    const throughDialect = async (dialect: Dialect): Promise<void> => {
      const { meshConfig: _, ...translation } = said
      const theirs = await istiodSide(this.#plane, dialect, client, hostsOf(fixture.requests), translation)
      await settled(theirs.mesh, number)
      for (const request of fixture.requests) {
        unlisted.push(...(await this.#decision(fixture, request, dialect, ours, theirs)))
      }
      await theirs.mesh.close()
    }
    await Promise.all(dialects.map(throughDialect))
    await ours.close()
    return unlisted
  }

  /** Asked again for a while: kinds of documents that the mark does not speak of may come a little later. */
  async #decision(
    { id }: Fixture,
    request: ExplainRequest,
    dialect: Dialect,
    ours: OurSides,
    theirs: Watched,
  ): Promise<string[]> {
    const at = `${id} ${request.url}`
    const listed = caseDifferences.find((each) => each.at.test(at) && isFor(each, dialect))
    const our = decisionOn(request, await ours.with({}))
    const same = listed?.sameWith && decisionOn(request, await ours.with(listed.sameWith))
    let found: string[] = []
    const isSettled = (): boolean => {
      const their = decisionOn(request, theirs)
      found =
        listed === undefined
          ? this.#linesUnlisted(dialect, our, their)
          : [
              ...wrongOutcomes(listed, our, their),
              ...(same === undefined ? [] : this.#linesUnlisted(dialect, same, their)),
            ]
      return found.length === 0
    }
    await until(isSettled, 5000).catch(() => undefined)
    if (listed !== undefined) this.used.add(listed)
    this.counts[dialect][listed === undefined ? 0 : 1] += 1
    return found.map((line) => `${at} ${JSON.stringify(request.headers ?? {})} ${dialect}: ${line}`)
  }

  #linesUnlisted(dialect: Dialect, our: Decision, their: Decision): string[] {
    return differences(our, their).filter((difference) => {
      const entry = lineDifferences.find((each) => each.dialect === dialect && each.line.test(difference.slice(2)))
      if (entry !== undefined) this.used.add(entry)
      return entry === undefined
    })
  }

  #refusalsUnlisted(fixture: Fixture, refusals: readonly Refusal[], problems: readonly Problem[]): string[] {
    const refused = new Map(refusals.map((each) => [nameOf(each), each]))
    const errors = problems.filter(({ severity }) => severity === 'error')
    const ours = new Map(
      errors.map((each) => [isUnreadable(each) ? unreadable : each.resource.replace(/ \S+\//, ' '), each]),
    )
    const unlisted: string[] = []
    for (const document of new Set([...refused.keys(), ...ours.keys()])) {
      const [their, our] = [refused.get(document), ours.get(document)]
      if (their !== undefined && our !== undefined) continue
      const reason = their?.reason ?? our?.message ?? ''
      const by = their?.by ?? 'us'
      const entry = refusalDifferences.find(
        (each) => each.fixture.test(fixture.id) && each.document === document && each.refusedBy === by,
      )
      if (entry?.reason.test(reason) === true) this.used.add(entry)
      else unlisted.push(`${fixture.id}: ${document} is refused by ${by} only: ${reason}`)
    }
    return unlisted
  }
}

function isFor({ dialect }: CaseDifference, asked: Dialect): boolean {
  return dialect === undefined ? asked !== 'documents' : asked === dialect
}

const unreadable = 'a text that is no document'

function nameOf({ document: { kind, name, object } }: Refusal): string {
  return object?.kind === undefined ? unreadable : `${kind} ${name}`
}

function isUnreadable({ code }: Problem): boolean {
  return code.startsWith('YAML_') || code === 'NOT_A_RESOURCE'
}

/** Our translation of one fixture, by what it is told. */
class OurSides {
  readonly #fixture: Fixture
  readonly #client: Client
  readonly #said: TranslationOptions
  readonly #sides = new Map<TranslationOptions, Promise<Watched>>()

  constructor(fixture: Fixture, client: Client, said: TranslationOptions) {
    this.#fixture = fixture
    this.#client = client
    this.#said = said
  }

  with(options: TranslationOptions): Promise<Watched> {
    const key = Object.keys(options).length === 0 ? this.#said : options
    let side = this.#sides.get(key)
    if (side === undefined) {
      const { registry, documents } = this.#fixture
      side = ourSide([registry, documents], this.#client, { ...this.#said, ...options })
      this.#sides.set(key, side)
    }
    return side
  }

  async close(): Promise<void> {
    for (const side of this.#sides.values()) await (await side).mesh.close()
  }
}

function wrongOutcomes({ ours, theirs }: CaseDifference, our: Decision, their: Decision): string[] {
  const wrong = (expected: string | RegExp, found: string): boolean =>
    typeof expected === 'string' ? expected !== found : !expected.test(found)
  return [
    ...(wrong(ours, our.outcome) ? [`ours leads to ${our.outcome}, listed is ${String(ours)}`] : []),
    ...(wrong(theirs, their.outcome) ? [`theirs leads to ${their.outcome}, listed is ${String(theirs)}`] : []),
  ]
}

function hostsOf(requests: readonly ExplainRequest[]): string[] {
  const hosts = requests.map(({ url }) => {
    const { protocol, hostname, port } = new URL(url)
    return `${hostname}:${port === '' ? (protocol === 'https:' ? 443 : 80) : port}`
  })
  return [...new Set(hosts)]
}
