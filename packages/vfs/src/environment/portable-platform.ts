import { LdbError } from '@ldb/base'
import type { Clock, Environment, RandomSource, Scheduler } from './environment.js'
import type { Warning } from './warning.js'
import type { Vfs } from '../vfs.js'

/**
 * The portable counterpart of `node/platform.ts`: exports the same names, all of which throw `LDB_UNSUPPORTED`, except `emitWarning`.
 * On such a platform a program passes a `Vfs` of its own, or a `MemoryVfs` with its own environment.
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

/** Writes a warning to the console, where there is one. */
export function emitWarning({ type, code, message, detail }: Warning): void {
  const { console } = globalThis as { readonly console?: { readonly warn?: (text: string) => void } }
  console?.warn?.(`[${code}] ${type}: ${message}${detail === undefined ? '' : `\n${detail}`}`)
}

function unsupported(name: string): LdbError {
  return new LdbError('LDB_UNSUPPORTED', `${name} needs Node.js; pass your own Vfs or environment`)
}
