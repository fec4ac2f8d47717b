export { overBuilt as default } from '../vitest/config.js'
