import { ownProperty } from '@ldb/base'
import type { Environment } from '../environment/environment.js'
import { nodeClock, nodeRandom, nodeScheduler } from '#environment'
import { process } from '#system'
import { NodeVfs } from './node-vfs.js'
import type { Warning } from '../environment/warning.js'
import type { Vfs } from '../vfs.js'

export { nodeClock, nodeRandom, nodeScheduler } from '#environment'
export { NodeVfs } from './node-vfs.js'

/** Returns a new {@link NodeVfs}: the file system of this platform. @category Files */
export function defaultVfs(): Vfs {
  return new NodeVfs()
}

/**
 * Returns the parts of {@link defaultEnvironment} that this platform has: all of them on Node.js and in browsers, at least the clock
 * elsewhere.
 *
 * @category Environment
 */
export function availableEnvironment(): Partial<Environment> {
  return defaultEnvironment()
}

/**
 * Returns the clock, randomness and scheduler of this platform.
 *
 * @throws {@link LdbError} LDB_UNSUPPORTED on a platform that lacks one of them: neither Node.js nor a browser.
 * @category Environment
 */
export function defaultEnvironment(): Environment {
  return { clock: nodeClock, random: nodeRandom, scheduler: nodeScheduler }
}

/** Emits a warning of the process: by default Node.js prints it to the standard error output. @category Environment */
export function emitWarning(warning: Warning): void {
  const { type, code, message } = warning
  const detail = ownProperty(warning, 'detail') ?? ''
  process.emitWarning(message, { type, code, detail })
}
