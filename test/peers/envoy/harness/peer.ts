// The binary of Envoy for a suite, or undefined where the machine has none: a failure with PEERS=require.
import { envoyBinary } from '../binary.ts'

export async function envoyOrSkip(): Promise<string | undefined> {
  const found = await envoyBinary()
  if ('path' in found) return found.path
  if (process.env['PEERS'] === 'require') throw new Error(`PEERS=require, and no Envoy: ${found.skipped}`)
  console.warn(`skipped: ${found.skipped}`)
  return undefined
}
