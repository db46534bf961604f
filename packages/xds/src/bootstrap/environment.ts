// The bootstrap that the environment names: GRPC_XDS_BOOTSTRAP, a file, wins over GRPC_XDS_BOOTSTRAP_CONFIG, the text itself.
import { readFileSync } from 'node:fs'
import { type Bootstrap, parseBootstrap } from './bootstrap.ts'

/** Undefined when neither is set. @throws TypeError naming the variable, and what is wrong. */
export function bootstrapFromEnvironment(env: Readonly<Record<string, string | undefined>>): Bootstrap | undefined {
  const file = env['GRPC_XDS_BOOTSTRAP']
  if (file !== undefined && file !== '') {
    let text: string
    try {
      text = readFileSync(file, 'utf8')
    } catch (error) {
      throw new TypeError(`GRPC_XDS_BOOTSTRAP: ${error instanceof Error ? error.message : String(error)}`)
    }
    return parseBootstrap(text, `GRPC_XDS_BOOTSTRAP (${file})`)
  }
  const text = env['GRPC_XDS_BOOTSTRAP_CONFIG']
  return text === undefined || text === '' ? undefined : parseBootstrap(text, 'GRPC_XDS_BOOTSTRAP_CONFIG')
}
