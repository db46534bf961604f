// The text of an annotation, `WORD, name=value, name=value`, read by the table. What is wrong with it comes back in words.
import { parseDurationMs } from '../schema/duration.ts'
import { nearest } from '../nearest.ts'
import { type AnnotationName, ANNOTATIONS, type Parameter, type Parameters } from './table.ts'

/** What an annotation says, with the defaults filled in. */
export interface AnnotationValue {
  readonly word: string
  readonly numbers: Readonly<Record<string, number>>
}

export const DISABLED = 'disabled'

/** The value, or what is wrong. */
export function parseAnnotation(name: AnnotationName, text: string): AnnotationValue | string {
  const [word = '', ...items] = text.split(',').map((item) => item.trim())
  const words: Readonly<Record<string, Parameters>> = ANNOTATIONS[name]
  const parameters = word === DISABLED ? {} : words[word]
  if (parameters === undefined) return `expected ${[...Object.keys(words), DISABLED].join(' or ')}, found "${word}"`
  const numbers: Record<string, number> = {}
  for (const item of items) {
    const wrong = take(item, word, parameters, numbers)
    if (wrong !== undefined) return wrong
  }
  for (const [key, { byDefault }] of Object.entries(parameters)) {
    const value = numbers[key] ?? byDefault
    if (value === undefined) return `"${word}" needs ${key}, such as "${word}, ${key}=20"`
    numbers[key] = value
  }
  const { min = 0, max = Infinity, initial = min } = numbers
  if (min > max || initial < min || initial > max)
    return `initial must lie within min and max, found ${min}, ${initial}, ${max}`
  return { word, numbers }
}

function take(item: string, word: string, parameters: Parameters, numbers: Record<string, number>): string | undefined {
  const [, key, text] = /^(\w+)\s*=\s*(\S+)$/.exec(item) ?? []
  if (key === undefined || text === undefined) return `"${item}" is not of the form name=value`
  const parameter = Object.hasOwn(parameters, key) ? parameters[key] : undefined
  if (parameter === undefined) return unknownParameter(key, word, Object.keys(parameters))
  if (Object.hasOwn(numbers, key)) return `${key} is set twice`
  const value = read(parameter, text)
  if (value === undefined) return `${key} must be ${described(parameter)}, found "${text}"`
  numbers[key] = value
  return undefined
}

function unknownParameter(key: string, word: string, known: readonly string[]): string {
  if (known.length === 0) return `"${word}" takes no parameters, found ${key}`
  const close = nearest(key, known)
  return `unknown parameter ${key}; ${close === undefined ? `there are ${known.join(', ')}` : `did you mean ${close}?`}`
}

function read({ kind, min, max }: Parameter, text: string): number | undefined {
  const value = kind === 'duration' ? parseDurationMs(text) : /^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined
  if (value === undefined || value < min || value > max) return undefined
  return kind === 'count' && !Number.isInteger(value) ? undefined : value
}

function described({ kind, min, max }: Parameter): string {
  if (kind === 'duration') return min === 0 ? 'a duration like 10s' : 'a duration like 10s, at least 1ms'
  return `${kind === 'count' ? 'a whole number' : 'a number'} from ${min} to ${max}`
}
