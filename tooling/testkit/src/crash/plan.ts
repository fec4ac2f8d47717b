import type { TestRandom } from '../test-random.js'

/**
 * How much of what was not synced a loss of power leaves.
 *
 * - `none`, `all`: nothing, everything.
 * - `prefix`: everything up to some operation.
 * - `sectors`: any sectors of any writes, any names, some of the new length.
 * - `torn`: everything up to some write, which is torn within one block.
 * - `sizes`: names and lengths without any data (delayed allocation; a rename without what was written).
 * - `data`: data without new lengths or names.
 * - `names`: any names, without data and lengths.
 * - `killed`: the power stays. The process has ended; the next one sees all that was written, and none of it is safe.
 *
 * With `killed` the power stays: the process has ended, and what was not synced is seen by the next one, but waits still.
 *
 * @category Crashes
 */
export type CrashMode = 'none' | 'all' | 'prefix' | 'sectors' | 'torn' | 'sizes' | 'data' | 'names' | 'killed'

/**
 * One loss of power: everything about it follows from these.
 *
 * @category Crashes
 */
export interface CrashPlan {
  readonly mode: CrashMode
  /** Decides what is left open. */
  readonly seed: number
  /** A torn write also spoils the bytes next to it in its block, synced ones too (no "powersafe overwrite"). */
  readonly damagesNeighbours: boolean
}

/** The kinds that every point of a run is tried with. @category Crashes */
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

/** Plans any loss of power. @category Crashes */
export function randomCrashPlan(random: TestRandom, damagesNeighbours = false): CrashPlan {
  const mode = damagesNeighbours ? 'torn' : random.weighted(LOSS_WEIGHTS)
  return { mode, seed: random.word(), damagesNeighbours }
}

/** Plans a loss of power of one kind. @category Crashes */
export function crashPlan(mode: CrashMode, seed: number): CrashPlan {
  return { mode, seed, damagesNeighbours: false }
}
