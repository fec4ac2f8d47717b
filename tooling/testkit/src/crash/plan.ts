import type { TestRandom } from '../base/test-random.js'

/**
 * Which unsynced changes survive a power loss.
 *
 * - `none`, `all`: none of them, all of them.
 * - `prefix`: all changes before some operation.
 * - `sectors`: any subset of the sectors of the writes, of the directory operations, and a prefix of the length changes.
 * - `torn`: all changes before some write, which is torn within one block.
 * - `sizes`: directory entries and lengths without data (delayed allocation; a rename without the data written before it).
 * - `data`: data without new lengths or directory entries.
 * - `names`: any subset of the directory operations, without data and lengths.
 * - `killed`: no power loss. The process has ended; the next process sees all unsynced changes, which are still volatile.
 *
 * @category Crashes
 */
export type CrashMode = 'none' | 'all' | 'prefix' | 'sectors' | 'torn' | 'sizes' | 'data' | 'names' | 'killed'

/**
 * One power loss, fully determined by these fields.
 *
 * @category Crashes
 */
export interface CrashPlan {
  readonly mode: CrashMode
  /** Seed of the decisions that the mode leaves open. */
  readonly seed: number
  /** A torn write also damages adjacent bytes of its block, synced ones included (no "powersafe overwrite"). */
  readonly damagesNeighbours: boolean
}

/** Modes that are tried at every crash point. @category Crashes */
export const CANONICAL_MODES: readonly CrashMode[] = ['none', 'all', 'prefix', 'sectors', 'killed']

const LOSS_WEIGHTS: Readonly<Record<Exclude<CrashMode, 'killed'>, number>> = {
  none: 1,
  all: 1,
  prefix: 3,
  sectors: 5,
  torn: 5,
  sizes: 2,
  data: 2,
  names: 2,
}

/** Returns a random plan of any mode but `killed`. @category Crashes */
export function randomCrashPlan(random: TestRandom, damagesNeighbours = false): CrashPlan {
  const mode = damagesNeighbours ? 'torn' : random.weighted(LOSS_WEIGHTS)
  return { mode, seed: random.word(), damagesNeighbours }
}

/** Returns a plan of one mode. @category Crashes */
export function crashPlan(mode: CrashMode, seed: number): CrashPlan {
  return { mode, seed, damagesNeighbours: false }
}
