import { LdbError } from '@ldb/base'
import type { Clock, Environment, RandomSource, Scheduler } from './environment.js'
import type { Vfs } from '../vfs.js'

/**
 * The twin of `node-platform.ts` for engines without Node: the same names, and `LDB_UNSUPPORTED` from all that needs
 * an operating system. Such a program brings its own `Vfs`, or uses a `MemoryVfs` with its own environment.
 */

export type NodeVfs = Vfs
export const NodeVfs: new (environment?: Partial<Environment>) => Vfs = class {
  constructor() {
    throw unsupported('NodeVfs')
  }
} as new () => Vfs

export const nodeClock: Clock = {
  now(): number {
    throw unsupported('nodeClock')
  },
  monotonic(): number {
    throw unsupported('nodeClock')
  },
}

export const nodeRandom: RandomSource = {
  fill(): Uint8Array {
    throw unsupported('nodeRandom')
  },
}

export const nodeScheduler: Scheduler = {
  after(): never {
    throw unsupported('nodeScheduler')
  },
}

export function defaultVfs(): Vfs {
  throw unsupported('defaultVfs')
}

export function defaultEnvironment(): Environment {
  throw unsupported('defaultEnvironment')
}

function unsupported(name: string): LdbError {
  return new LdbError('LDB_UNSUPPORTED', `${name} needs Node.js; give a Vfs or an environment of your own`)
}
