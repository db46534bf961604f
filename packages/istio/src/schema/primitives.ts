// Small schemas that several kinds share, and the types they yield.
// Durations become milliseconds here; everything else stays as it was written.
import * as z from 'zod'
import { parseDurationMs } from './duration.ts'

export type Labels = Readonly<Record<string, string>>

export interface StringMatchSpec {
  readonly exact?: string
  readonly prefix?: string
  readonly regex?: string
}

export interface PercentSpec {
  readonly value?: number
}

export interface DestinationSpec {
  readonly host: string
  readonly subset?: string
  readonly port?: { readonly number?: number }
}

export const optional: typeof z.exactOptional = z.exactOptional

const durationWanted = 'expected a duration such as 5s, 500ms or 1h30m'

/** Milliseconds. */
export const duration: z.ZodType<number, string> = z.string(durationWanted).transform((text, context) => {
  const ms = parseDurationMs(text)
  if (ms !== undefined && ms >= 0) return ms
  context.issues.push({ code: 'custom', message: `${durationWanted}, found "${text}"`, input: text })
  return z.NEVER
})

/** At least one millisecond. */
export const positiveDuration: z.ZodType<number, string> = duration.refine((ms) => ms >= 1, 'must be at least 1ms')

export const port: z.ZodType<number> = z.int().min(1).max(65535)
export const count: z.ZodType<number> = z.int().min(0).max(4294967295)
/** 64-bit numbers may be written as text, as protobuf's JSON does. */
export const bigCount: z.ZodType<number, number | string> = z
  .union([z.int(), z.string().regex(/^\d+$/)])
  .transform(Number)
export const labels: z.ZodType<Labels> = z.record(z.string(), z.string())
export const strings: z.ZodType<readonly string[]> = z.array(z.string())
export const percent: z.ZodType<number> = z.number().min(0).max(100)
export const subsetName: z.ZodType<string> = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/i, 'must be a DNS label: letters, digits and dashes, at most 63')

export const stringMatch: z.ZodType<StringMatchSpec> = z.strictObject({
  exact: optional(z.string()),
  prefix: optional(z.string()),
  regex: optional(z.string()),
})

export const percentMessage: z.ZodType<PercentSpec> = z.strictObject({
  value: optional(
    z.number().refine((value) => value === 0 || (value >= 0.0001 && value <= 100), 'must be 0, or 0.0001 to 100'),
  ),
})

export const destination: z.ZodType<DestinationSpec> = z.strictObject({
  host: z
    .string()
    .min(1)
    .refine((host) => host !== '*', 'must name one host, not *'),
  subset: optional(subsetName),
  port: optional(z.strictObject({ number: optional(port) })),
})

/** A part that is checked for its presence only; later issues apply it. */
export const unchecked: z.ZodType<unknown> = z.unknown()
