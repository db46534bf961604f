// How unit tests, conformance and laws run: straight from the sources, nothing has to be built first.
import { defaultServerConditions } from 'vite'
import { defineConfig } from 'vitest/config'
import { ClosingLine } from './test/kit/closing-line.ts'

// as Node resolves: what packages call `module` is for bundlers
const conditions = defaultServerConditions.filter((condition) => condition !== 'module')

export default defineConfig({
  ssr: { resolve: { conditions: ['proxyless-source', ...conditions] } },
  test: {
    // no test depends on speed: this ends only what hangs
    testTimeout: 60_000,
    hookTimeout: 60_000,
    exclude: ['**/node_modules/**', '**/dist/**'],
    reporters: ['default', new ClosingLine()],
    projects: [
      // lists of a project are added to those above
      {
        extends: true,
        test: {
          name: { label: 'all', color: 'white' },
          include: ['test/**/*.test.ts', 'packages/*/src/**/*.test.ts', 'examples/**/*.test.ts'],
        },
      },
      // the gRPC door holds to what three minors of grpc-js have in common
      ...['1.12', '1.13'].map((minor) => ({
        extends: true as const,
        resolve: { alias: { '@grpc/grpc-js': `grpc-js-${minor}` } },
        test: {
          name: `grpc-js ${minor}`,
          include: ['test/grpc/*.test.ts'],
          exclude: ['test/grpc/{install,register,channelz-channels}.test.ts'],
        },
      })),
    ],
  },
})
