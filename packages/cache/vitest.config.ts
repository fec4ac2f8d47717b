export { isolated as default } from '../../tooling/vitest/config.js'
