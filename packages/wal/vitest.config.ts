export { overBuilt as default } from '../../tooling/vitest/config.js'
