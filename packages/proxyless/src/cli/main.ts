// The command `proxyless`: what it can do and how it is asked. Each subcommand is a file beside this one.
import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { runCheck } from './check.ts'
import { runExplain } from './explain.ts'

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string
}

const program = new Command('proxyless')
  .description('A client-side service mesh for Node.js: check documents, explain decisions.')
  .version(version)
  .showHelpAfterError()

program
  .command('check')
  .description('Report every problem of Istio documents as file:line:column: path: message [CODE].')
  .argument('<path...>', 'files, directories or addresses of feeds')
  .option('--strict', 'treat warnings as errors')
  .option('--json', 'one JSON object with all problems')
  .option('--namespace <ns>', 'namespace of the calling workload', 'default')
  .option('--labels <k=v,...>', 'labels of the calling workload')
  .action(async (paths: string[], options: Parameters<typeof runCheck>[1]) => {
    process.exitCode = await runCheck(paths, options, process.stdout)
  })

program
  .command('explain')
  .description('Tell where a request would go, and which document decides what.')
  .argument('<url>', 'for example http://reviews:9080/reviews/0')
  .requiredOption('--config <path>', 'file or directory of documents, or the address of a feed')
  .option('-X, --method <method>', 'request method', 'GET')
  .option('-H, --header <line>', "request header as 'name: value'; may be repeated", collect, [])
  .option('--namespace <ns>', 'namespace of the calling workload', 'default')
  .option('--labels <k=v,...>', 'labels of the calling workload')
  .option('--json', 'the account as JSON')
  .action(async (url: string, options: Parameters<typeof runExplain>[1]) => {
    process.exitCode = await runExplain(url, options, process.stdout)
  })

function collect(line: string, before: string[]): string[] {
  return [...before, line]
}

try {
  await program.parseAsync()
} catch (error) {
  process.stderr.write(`proxyless: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 2
}
