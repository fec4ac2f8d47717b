import { LdbError } from '@ldb/base'
import type { Clock, Environment, RandomSource, Scheduler } from './environment.js'
import type { Warning } from './warning.js'
import { globalEnvironment } from './global-environment.js'
import type { PlatformGlobals } from './global-environment.js'
import type { Vfs } from '../vfs.js'

/**
 * The counterpart of `node/platform.ts` for browsers and other platforms: exports the same names. The clock, the randomness and the
 * scheduler use the global functions of browsers; where those are absent, and for files, they throw `LDB_UNSUPPORTED`. On such a
 * platform a program passes a `Vfs` of its own, or a `MemoryVfs` with its own environment.
 */

export type NodeVfs = Vfs
export const NodeVfs: new (environment?: Partial<Environment>) => Vfs = class {
  constructor() {
    throw unsupported('NodeVfs')
  }
} as new () => Vfs

const available = globalEnvironment(globalThis as unknown as PlatformGlobals)

export const nodeClock: Clock = available.clock ?? {
  now(): number {
    throw unsupported('nodeClock')
  },
  monotonic(): number {
    throw unsupported('nodeClock')
  },
}

export const nodeRandom: RandomSource = available.random ?? {
  fill(): Uint8Array {
    throw unsupported('nodeRandom')
  },
}

export const nodeScheduler: Scheduler = available.scheduler ?? {
  after(): never {
    throw unsupported('nodeScheduler')
  },
}

export function defaultVfs(): Vfs {
  throw unsupported('defaultVfs')
}

export function availableEnvironment(): Partial<Environment> {
  return available
}

export function defaultEnvironment(): Environment {
  const { clock, random, scheduler } = available
  if (clock === undefined || random === undefined || scheduler === undefined) {
    throw unsupported('defaultEnvironment')
  }
  return { clock, random, scheduler }
}

/** Writes a warning to the console, where there is one. */
export function emitWarning({ type, code, message, detail }: Warning): void {
  const { console } = globalThis as { readonly console?: { readonly warn?: (text: string) => void } }
  console?.warn?.(`[${code}] ${type}: ${message}${detail === undefined ? '' : `\n${detail}`}`)
}

function unsupported(name: string): LdbError {
  return new LdbError('LDB_UNSUPPORTED', `${name} needs Node.js; pass your own Vfs or environment`)
}
