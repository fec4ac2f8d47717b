import { defineConfig } from 'vitest/config'
import config, { overBuilt } from '../vitest/config.js'

/** Coverage counts the blocks of a module only if it was loaded afterwards: these files need modules of their own. */
const ISOLATED = ['test/fuzz.test.ts']
/** Files that look into modules of other packages. */
const OVER_SOURCES = ['test/limits.test.ts', 'test/model/async-model.test.ts']

export default defineConfig({
  ...config,
  test: {
    ...config.test,
    projects: [
      {
        ...overBuilt,
        test: { ...overBuilt.test, name: 'shared', exclude: [...ISOLATED, ...OVER_SOURCES] },
      },
      { ...config, test: { ...config.test, name: 'sources', include: OVER_SOURCES } },
      { ...overBuilt, test: { ...overBuilt.test, isolate: true, name: 'isolated', include: ISOLATED } },
    ],
  },
})
