// The one vitest configuration of the workspace; each package re-exports it.
import { defineConfig } from 'vitest/config'

// Tests run against the sources of every workspace package, never against a stale build.
const conditions = ['@ldb/source', 'node', 'import', 'module', 'default']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    setupFiles: [new URL('./setup.js', import.meta.url).pathname],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    dangerouslyIgnoreUnhandledErrors: false,
  },
})
