// `npm test [-- FILTER]`: every check, then every test; with a FILTER (passed to vitest) only the tests that match.
// All checks run even if one fails; each counts as one in the closing line.
import './setup.mjs'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { build, check, close, root, vitest } from './run.mjs'

const filter = process.argv.slice(2)
const checks = filter.length > 0 ? [] : allChecks()

const failed = checks.filter(({ name, passes }) => {
  const ok = passes()
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${name}`)
  return !ok
})

// tests that start processes run from what the check of types has built
if (filter.length === 0 && !failed.some(({ name }) => name.startsWith('types'))) process.env.PROXYLESS_BUILT = '1'

const tests = vitest(filter)
for (const { name } of failed) console.log(`FAIL ${name}`)
close({
  passed: tests.passed + checks.length - failed.length,
  failed: tests.failed + failed.length,
  skipped: tests.skipped,
})

/** @returns {[string, () => boolean][]} */
function allChecks() {
  return [
    { name: 'format: oxfmt', passes: () => check('oxfmt', ['--check', '.']) },
    { name: 'lint: oxlint', passes: () => check('oxlint', ['--deny-warnings']) },
    { name: 'types: tsc -b', passes: () => build('tsconfig.json') },
    { name: 'boundaries: turbo', passes: () => check('turbo', ['boundaries']) },
    { name: 'unused: knip', passes: () => check('knip', ['--no-config-hints']) },
    ...published().map((path) => ({ name: `publish: ${path}`, passes: () => check('publint', [path, '--strict']) })),
  ]
}

function published() {
  return readdirSync(join(root, 'packages'))
    .map((name) => `packages/${name}`)
    .filter((path) => existsSync(join(root, path, 'package.json')))
    .filter((path) => JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8')).private !== true)
}
