// An edition as a body, in each form it is asked for: JSON or YAML, compressed or not. Made once each.
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { dump } from 'js-yaml'
import type { Edition } from './editions.ts'

export const types = ['application/json', 'application/yaml'] as const
export const codings = ['br', 'gzip'] as const

export type Type = (typeof types)[number]
export type Coding = (typeof codings)[number] | 'identity'

const bodies = new WeakMap<Edition, Map<string, Promise<Buffer>>>()

export function bodyOf(edition: Edition, type: Type, coding: Coding): Promise<Buffer> {
  let known = bodies.get(edition)
  if (known === undefined) bodies.set(edition, (known = new Map<string, Promise<Buffer>>()))
  const key = `${type} ${coding}`
  let body = known.get(key)
  if (body === undefined) known.set(key, (body = compressed(textOf(edition, type), coding)))
  return body
}

/** Strong: every form has its own. */
export function tagOf({ version }: Edition, type: Type, coding: Coding): string {
  const form = `${type === 'application/yaml' ? '-yaml' : ''}${coding === 'identity' ? '' : `-${coding}`}`
  return `"${version}${form}"`
}

function textOf({ version, documents }: Edition, type: Type): string {
  const all = [...documents.values()]
  if (type === 'application/json') {
    return `{"version":${JSON.stringify(version)},"documents":[${all.map(({ json }) => json).join(',')}]}`
  }
  return all.map(({ value }) => dump(value, { noRefs: true, lineWidth: -1 })).join('---\n')
}

async function compressed(text: string, coding: Coding): Promise<Buffer> {
  if (coding === 'gzip') return promisify(gzip)(text)
  if (coding === 'br') return promisify(brotliCompress)(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } })
  return Buffer.from(text)
}
