import type { Environment } from '../time/environment.js'
import { nodeClock, nodeRandom, nodeScheduler } from './environment.js'
import { NodeVfs } from './node-vfs.js'
import type { Vfs } from '../vfs.js'

export { nodeClock, nodeRandom, nodeScheduler } from './environment.js'
export { NodeVfs } from './node-vfs.js'

/** Returns the files of this platform: on Node, those of the operating system. @category Files */
export function defaultVfs(): Vfs {
  return new NodeVfs()
}

/** Returns clock, randomness and scheduling of this platform. @category Environment */
export function defaultEnvironment(): Environment {
  return { clock: nodeClock, random: nodeRandom, scheduler: nodeScheduler }
}
