// The command `proxyless`: what it can do and how it is asked. Each subcommand is a file beside this one.
// Exits with 0, with 1 for problems of documents, with 2 when it was asked wrongly.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Command, CommanderError } from 'commander'
import { runCheck } from './check.ts'
import { runDoctor } from './doctor.ts'
import { runExplain } from './explain.ts'
import type { ServeOptions } from './serve.ts'

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string
}

/** As opposed to 1: something is wrong with the documents. */
const usageError = 2

export interface Surroundings {
  readonly out: NodeJS.WritableStream
  readonly err: NodeJS.WritableStream
  /** Aborts when the process is told to end; asked for only by what runs until then. */
  readonly ended: () => AbortSignal
}

/** Resolves to the exit code. */
export async function runCommand(words: readonly string[], around: Surroundings): Promise<number> {
  const { err } = around
  try {
    let code = 0
    const done = (given: number): void => void (code = given)
    await commandOf(around, done).parseAsync(words, { from: 'user' })
    return code
  } catch (error) {
    // commander has already said what it says
    const said = error instanceof CommanderError
    if (!said) err.write(`proxyless: ${error instanceof Error ? error.message : String(error)}\n`)
    return said && error.exitCode === 0 ? 0 : usageError
  }
}

function commandOf({ out, err, ended }: Surroundings, done: (code: number) => void): Command {
  const program = new Command('proxyless')
    .description(
      'A client-side service mesh for Node.js: check documents, explain decisions, serve them to data planes.',
    )
    .version(version)
    .showHelpAfterError()
    .exitOverride()
    .configureOutput({ writeOut: (text) => out.write(text), writeErr: (text) => err.write(text) })

  program
    .command('check')
    .description('Report every problem of Istio documents as file:line:column: severity: path: message [CODE].')
    .argument('<path...>', 'files, directories or addresses of feeds')
    .option('--strict', 'treat warnings as errors')
    .option('--json', 'one JSON object with all problems')
    .option('--namespace <ns>', 'namespace of the calling workload', 'default')
    .option('--labels <k=v,...>', 'labels of the calling workload')
    .option('--locality <region/zone/subzone>', 'locality of the calling workload')
    .action(async (paths: string[], options: Parameters<typeof runCheck>[1]) => {
      done(await runCheck(paths, options, out))
    })

  program
    .command('doctor')
    .description(
      'Tell which clients of an application `--import proxyless/register` would mesh, and what is in the way.',
    )
    .argument('[directory]', 'of the application', '.')
    .option('--json', 'the account as JSON')
    .action(async (directory: string, options: Parameters<typeof runDoctor>[1]) => {
      done(await runDoctor(resolve(directory), options, out))
    })

  program
    .command('explain')
    .description('Tell where a request would go, and which document decides what.')
    .argument('<url>', 'for example http://reviews:9080/reviews/0')
    .requiredOption('--config <path>', 'path or address of a feed (required)')
    .option('-X, --method <method>', 'request method', 'GET')
    .option('-H, --header <line>', "request header as 'name: value'; may be repeated", collect)
    .option('--namespace <ns>', 'namespace of the calling workload', 'default')
    .option('--labels <k=v,...>', 'labels of the calling workload')
    .option('--locality <region/zone/subzone>', 'locality of the calling workload')
    .option('--json', 'the account as JSON')
    .action(async (url: string, options: Parameters<typeof runExplain>[1]) => {
      done(await runExplain(url, options, out))
    })

  program
    .command('serve')
    .description(
      'Serve Istio documents to data planes until SIGTERM or SIGINT: by xDS (ADS, state of the world and delta) to this ' +
        'product, to Envoy and to gRPC; as a feed of documents by HTTP, beside /debug/clients, /debug/config, ' +
        '/debug/nacks, /ready and /metrics. Documents may change meanwhile.',
    )
    .requiredOption('--config <path>', 'path or address of a feed (required); may be repeated, later ones win', collect)
    .option('--xds <host:port>', 'where xDS is served', '127.0.0.1:15010')
    .option('--http <host:port>', 'where the feed and the insight are served', '127.0.0.1:15080')
    .option('--strict', 'refuse documents with unknown fields instead of warning')
    .option('--lines', 'tell clients the lines of the documents, for explain; each is parsed once more for it')
    .action(async (options: ServeOptions) => {
      const { runServe } = await import('./serve.ts')
      done(await runServe(options, { out, err }, ended()))
    })
  return program
}

function collect(line: string, before: readonly string[] = []): readonly string[] {
  return [...before, line]
}
