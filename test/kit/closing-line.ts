// The vitest reporter whose last line is `N passed, N failed, N skipped`, the line that CI and people read.
// With PROXYLESS_COUNTS=FILE it writes the numbers there as JSON instead: scripts/test.mjs adds its own and prints.
import { writeFileSync } from 'node:fs'
import type { Reporter, SerializedError, TestModule } from 'vitest/node'

export class ClosingLine implements Reporter {
  onTestRunEnd(modules: ReadonlyArray<TestModule>, errors: ReadonlyArray<SerializedError>): void {
    const counts = { passed: 0, failed: errors.length, skipped: 0 }
    for (const module of modules) {
      let failedTests = 0
      for (const test of module.children.allTests()) {
        const state = test.result().state
        if (state === 'failed') failedTests++
        else if (state === 'passed') counts.passed++
        else counts.skipped++
      }
      // A file that broke while loading, or in a hook, has no failed test of its own: it counts as one.
      counts.failed += failedTests > 0 || module.state() !== 'failed' ? failedTests : 1
    }
    const file = process.env['PROXYLESS_COUNTS']
    if (file !== undefined) writeFileSync(file, JSON.stringify(counts))
    else process.once('exit', () => console.log(closingLine(counts)))
  }
}

function closingLine(counts: { passed: number; failed: number; skipped: number }): string {
  return `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`
}
