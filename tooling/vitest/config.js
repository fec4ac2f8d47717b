// The vitest configuration of all packages, which re-export it.
import { defineConfig } from 'vitest/config'

import { ResultsReporter } from './results.js'

// Tests run against the sources of workspace packages, never against an outdated build.
const conditions = ['@ldb/source', 'node', 'import', 'module', 'default']

// Only a run of the whole suite writes the result file; a run of selected files leaves it unchanged.
const wholeSuite = process.argv.slice(2).every((argument) => argument === 'run' || argument.startsWith('--'))

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    setupFiles: [new URL('./setup.js', import.meta.url).pathname],
    reporters: wholeSuite ? ['default', new ResultsReporter()] : ['default'],
    // Two suites run at the same time on two cores, so that more workers would only compete.
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    dangerouslyIgnoreUnhandledErrors: false,
  },
})
