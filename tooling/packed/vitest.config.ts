import { mergeConfig } from 'vitest/config'
import config from '../vitest/config.js'

export default mergeConfig(config, {
  test: { globalSetup: [new URL('./src/packed-once.ts', import.meta.url).pathname] },
})
