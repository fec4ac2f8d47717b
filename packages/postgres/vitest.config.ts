import { defineConfig } from 'vitest/config'
import config from '../../tooling/vitest/config.js'

// The CommonJS modules of `pg` require one another: with the conditions `import` and `module` they would get ES modules.
const conditions = ['node', 'default']

export default defineConfig({
  ...config,
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
})
