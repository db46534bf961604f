// Documents read once, and translated for any number of workloads. The mesh's own source has one workload;
// a control plane has as many as its clients are different.
import type { Clock, DocumentText, MeshConfig, Problem, RegexEngine } from '@proxyless/core/spi'
import { Library } from './documents/library.ts'
import type { Shelf } from './documents/library.ts'
import { type DocumentName, type OwnDocument, ownDocumentOf } from './documents/own-document.ts'
import { Report } from './findings.ts'
import type { TranslationOptions, Workload } from './options.ts'
import { Pace } from './pace.ts'
import { applySchema } from './schema/apply-schema.ts'
import { meshSettingsSchema } from './schema/mesh-settings.ts'
import type { MeshSettingsInput } from './schema/mesh-settings.ts'
import { checkMeshSettings } from './validate/mesh-settings.ts'
import { Translator, versionOf } from './world/translate.ts'
import type { GivenSettings } from './world/settings.ts'

export interface ReaderOptions extends TranslationOptions {
  /** Of documents that do not say theirs. */
  readonly defaultNamespace: string
  readonly regex: RegexEngine
  /** Awaited between slices of work, so that loading never blocks the event loop. */
  readonly pause?: () => Promise<void>
  readonly clock: Clock
}

/** The documents in force: the last good version of each. */
export interface Reading {
  /** Opaque; changes when the documents do. */
  readonly version: string
  /** Of the documents themselves; a translation may find more. */
  readonly problems: readonly Problem[]
  readonly names: readonly DocumentName[]
  /** As they were written, each with its namespace. Worked out when it is asked for. */
  readonly documents: () => Promise<readonly OwnDocument[]>
}

export interface Translation {
  /** Parts that say the same as the time before keep their identity. */
  translate(reading: Reading): Promise<MeshConfig>
}

const shelves = new WeakMap<Reading, Shelf>()

export class Reader {
  readonly #options: ReaderOptions
  readonly #library: Library
  readonly #settings: GivenSettings

  /** @throws TypeError when `options.meshConfig` is not valid. */
  constructor(options: ReaderOptions) {
    const { defaultNamespace, strict = false, regex, fromControlPlane = false } = options
    this.#options = options
    this.#library = new Library({ defaultNamespace, strict, regex, fromControlPlane })
    this.#settings = readSettings(options.meshConfig)
  }

  /** One at a time: what is kept of a bad text depends on what was read before. */
  async read(texts: readonly DocumentText[]): Promise<Reading> {
    const shelf = await this.#library.update(texts, this.#pace())
    let documents: Promise<readonly OwnDocument[]> | undefined
    const reading: Reading = {
      version: versionOf(shelf.resources),
      problems: shelf.problems,
      names: shelf.resources.map(({ kind, namespace, name }) => ({ kind, namespace, name })),
      documents: () => (documents ??= this.#ownDocuments(shelf)),
    }
    shelves.set(reading, shelf)
    return reading
  }

  translation(workload: Workload): Translation {
    const translator = new Translator({ ...this.#options, workload }, this.#settings)
    return {
      translate: (reading) => {
        const shelf = shelves.get(reading)
        if (shelf === undefined) throw new TypeError('a reading of no reader')
        return translator.translate(shelf, this.#pace())
      },
    }
  }

  async #ownDocuments({ resources }: Shelf): Promise<readonly OwnDocument[]> {
    const pace = this.#pace()
    const documents: OwnDocument[] = []
    for (const resource of resources) {
      documents.push(ownDocumentOf(resource))
      if (pace.due()) await pace.rest()
    }
    return documents
  }

  #pace(): Pace {
    return new Pace(this.#options.clock, this.#options.pause)
  }
}

function readSettings(input: MeshSettingsInput = {}): GivenSettings {
  const report = new Report()
  const spec = applySchema(meshSettingsSchema, input, '', report, true)
  if (spec !== undefined) checkMeshSettings(spec, '', report)
  if (spec !== undefined && !report.failed) return { spec, findings: report.findings }
  const reasons = report.findings.map((finding) => `${finding.path}: ${finding.message}`)
  throw new TypeError(`meshConfig is not valid: ${reasons.join('; ')}`)
}
