// The process of the command `proxyless`; what it does is beside it.
import { runCommand } from './command.ts'

process.exitCode = await runCommand(process.argv.slice(2), { out: process.stdout, err: process.stderr })
