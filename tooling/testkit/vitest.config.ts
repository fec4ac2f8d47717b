import { defineConfig } from 'vitest/config'
import config, { isolated } from '../vitest/config.js'

/** Coverage counts the blocks of a module only if it was loaded afterwards: these files need modules of their own. */
const ISOLATED = ['test/fuzz.test.ts']

export default defineConfig({
  ...config,
  test: {
    ...config.test,
    projects: [
      { ...config, test: { ...config.test, name: 'shared', exclude: ISOLATED } },
      { ...isolated, test: { ...isolated.test, name: 'isolated', include: ISOLATED } },
    ],
  },
})
