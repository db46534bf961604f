// What the conformance table and the seeds put in force and ask: the table's rows are run, and their worlds overheard.
import type { CreateMeshOptions, ExplainRequest, Mesh, Problem } from 'proxyless'
import type { Case } from '../../conformance/case.ts'
import { World } from '../../conformance/world.ts'

export interface Fixture {
  /** Of the row or the seed, and which of its configurations. */
  readonly id: string
  /** The services, which are the same for all of a kind. */
  readonly registry: string
  readonly documents: string
  readonly options: Partial<CreateMeshOptions>
  readonly requests: readonly ExplainRequest[]
}

/** Of a row that only looks at its documents. */
const unasked: readonly ExplainRequest[] = [{ url: 'http://reviews:9080/' }, { url: 'http://ratings:9080/' }]

type Init = ConstructorParameters<typeof Headers>[0]

/** Every world of the table has other ports; these stand for them. */
const firstPort = 26_001

class OverheardWorld extends World {
  readonly heard: { documents: string; options: Partial<CreateMeshOptions>; requests: Map<string, ExplainRequest> }[] =
    []

  override async configure(documents: string, options: Partial<CreateMeshOptions> = {}): Promise<readonly Problem[]> {
    this.heard.push({ documents, options, requests: new Map() })
    return super.configure(documents, options)
  }

  override get mesh(): Mesh {
    const mesh = super.mesh
    return {
      ...mesh,
      fetch: (input, init) => {
        this.#note(urlOf(input), init?.method, init?.headers)
        return mesh.fetch(input, init)
      },
      explain: (input) => {
        this.#note(urlOf(input))
        return mesh.explain(input)
      },
    }
  }

  /** The same text, whatever ports its servers have. */
  settled(text: string): string {
    const ports = [...this.backends.values()].map(({ port }) => port)
    return text.replace(/\b\d{4,5}\b/g, (number) => {
      const index = ports.indexOf(Number(number))
      return index < 0 ? number : String(firstPort + index)
    })
  }

  #note(url: string, method = 'GET', headers?: Init): void {
    const request = { url, method, headers: Object.fromEntries(new Headers(headers)) }
    this.heard.at(-1)?.requests.set(JSON.stringify(request), request)
  }
}

function urlOf(input: string | URL | { readonly url: string | URL }): string {
  return typeof input === 'object' && 'url' in input ? String(input.url) : String(input)
}

/** What a row of the table asks of its world, one by one. */
export async function fixturesOf({ id, run }: Case): Promise<Fixture[]> {
  const world = (await OverheardWorld.start()) as OverheardWorld
  try {
    await run(world)
    const registry = world.settled(world.registry())
    return world.heard.map(({ documents, options, requests }, index) => ({
      id: world.heard.length === 1 ? id : `${id}.${index + 1}`,
      registry,
      documents: world.settled(documents),
      options,
      requests:
        requests.size > 0
          ? [...requests.values()].map((request) => ({ ...request, url: world.settled(request.url) }))
          : unasked,
    }))
  } finally {
    await world.close()
  }
}
