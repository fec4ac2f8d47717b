import type { Suite } from '../suite/suite.js'
import { backupTarget } from './backup-target.js'
import { databaseTarget } from './database-target.js'
import { logTarget } from './log-target.js'
import { lsmTarget } from './lsm-target.js'
import { sweep } from './sweep.js'
import type { SweepTarget } from './sweep-target.js'
import { treeTarget } from './tree-target.js'

type Make = (seed: number) => SweepTarget

const BOTH = [false, true] as const
/** Deflate in the last level, LZ4 above, and zstd where the platform has it are chosen by name. */
const CODECS = ['none', 'lz4', 'deflate', 'adaptive'] as const
const ZSTD = 'zstdCompressSync' in (process.getBuiltinModule('node:zlib') as object)

/** Makers of all targets: every kind of file, plain and encrypted, with every codec. */
const MAKERS: readonly Make[] = BOTH.flatMap((isEncrypted): readonly Make[] => [
  ...[...CODECS, ...(ZSTD ? (['zstd'] as const) : [])].flatMap((codec): readonly Make[] => [
    (seed) => treeTarget(seed, isEncrypted, codec),
    (seed) => lsmTarget(seed, isEncrypted, codec),
  ]),
  (seed) => logTarget(seed, isEncrypted),
  ...(['none', 'lz4', 'deflate'] as const).map(
    (codec): Make =>
      (seed) =>
        databaseTarget(seed, isEncrypted, codec),
  ),
  (seed) => backupTarget(seed, isEncrypted),
])

/** Number of seeds after which each target had its turn. */
export const SWEEP_TARGETS: number = MAKERS.length

/**
 * Returns a suite that damages small stores in every way, one byte at a time.
 *
 * @param thinning - of the damages to the bits of bytes, one of so many is tried; which ones, the seed says.
 */
export function sweepSuite(name: string, thinning: number): Suite {
  return {
    name,
    runCase: (seed) =>
      Promise.resolve().then(() => {
        const target = (MAKERS[seed % MAKERS.length] as Make)(1 + Math.floor(seed / MAKERS.length))
        try {
          return { ...sweep(target, seed, thinning), targets: 1 }
        } finally {
          target.close()
        }
      }),
  }
}
