// The vitest configuration of all packages, which re-export it.
import { defineConfig } from 'vitest/config'

import { ResultsReporter } from './results.js'

// Sources of all packages of the workspace: for the lowest packages, and for tests that look into modules of others.
const conditions = ['@ldb/source', 'node', 'import', 'module', 'default']

// Only a run of the whole suite writes the result file; a run of selected files leaves it unchanged.
const wholeSuite = process.argv.slice(2).every((argument) => argument === 'run' || argument.startsWith('--'))

const config = defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    setupFiles: [new URL('./setup.js', import.meta.url).pathname],
    reporters: wholeSuite ? ['default', new ResultsReporter()] : ['default'],
    // Two suites run at the same time on two cores, so that more workers would only compete.
    maxWorkers: 2,
    // The files of a suite share the modules of their process: to evaluate them anew for each file takes half of the time of a suite.
    isolate: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    dangerouslyIgnoreUnhandledErrors: false,
  },
})

export default config

// What users import. The sources of `@ldb/core` and of the packages below it take 12 s of CPU to transform and evaluate, the built packages none.
const builtConditions = ['node', 'import', 'default']

/** Sources of the package itself, and what was built of the packages below it. The suite fails if that is older than its sources. */
export const overBuilt = defineConfig({
  ...config,
  resolve: { conditions: builtConditions },
  ssr: { resolve: { conditions: builtConditions, externalConditions: builtConditions } },
  test: { ...config.test, globalSetup: [new URL('./fresh-builds.js', import.meta.url).pathname] },
})

/** For suites in which files replace modules. */
export const isolated = defineConfig({ ...config, test: { ...config.test, isolate: true } })
