import type { Environment } from './environment.js'
import { nodeClock, nodeRandom, nodeScheduler } from './node-environment.js'
import { NodeVfs } from './node-vfs.js'
import type { Vfs } from './vfs.js'

export { nodeClock, nodeRandom, nodeScheduler } from './node-environment.js'
export { NodeVfs } from './node-vfs.js'

/** Gives the files of this platform: on Node, those of the operating system. @category Files */
export function defaultVfs(): Vfs {
  return new NodeVfs()
}

/** Gives clock, randomness and scheduling of this platform. @category Environment */
export function defaultEnvironment(): Environment {
  return { clock: nodeClock, random: nodeRandom, scheduler: nodeScheduler }
}
