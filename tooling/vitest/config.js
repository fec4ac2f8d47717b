// The one vitest configuration of the workspace; each package re-exports it.
import { defineConfig } from 'vitest/config'

import { ResultsReporter } from './results.js'

// Tests run against the sources of every workspace package, never against a stale build.
const conditions = ['@ldb/source', 'node', 'import', 'module', 'default']

// Only a run of the whole suite says what the suite comes to; a run of chosen files leaves the result alone.
const wholeSuite = process.argv.slice(2).every((argument) => argument === 'run' || argument.startsWith('--'))

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    setupFiles: [new URL('./setup.js', import.meta.url).pathname],
    reporters: wholeSuite ? ['default', new ResultsReporter()] : ['default'],
    // Two suites run side by side on two cores: more threads in each would only fight for them.
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    dangerouslyIgnoreUnhandledErrors: false,
  },
})
