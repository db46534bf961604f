// How the suites against real peers run: one file at a time, because each one starts servers. See scripts/peers.mjs.
import { defineConfig } from 'vitest/config'
import base from './vitest.config.ts'

const { projects: _minors, ...shared } = base.test ?? {}

export default defineConfig({
  ...base,
  test: {
    ...shared,
    include: ['test/peers/**/*.peer.ts'],
    passWithNoTests: true,
    fileParallelism: false,
    // of tests that say that they may: they wait more than they work
    maxConcurrency: 10,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
})
