/**
 * A model of the guarantees of a disk.
 *
 * - `powersafe`: a torn write damages only the bytes being written ("powersafe overwrite").
 * - `neighbours`: a torn write also damages adjacent bytes of its block, synced ones included.
 * - `lying`: some syncs have no effect but report success.
 *
 * On `neighbours` and `lying` acknowledged commits may be lost; the driver counts them. The recovered state must still be the
 * state after some commit, or opening must fail with an error that reports the damage.
 *
 * @category Drivers
 */
export type DiskProfile = 'powersafe' | 'neighbours' | 'lying'

/** @category Drivers */
export interface CrashSettings {
  readonly profile: DiskProfile
  /** Steps of the workload. */
  readonly stepCount: number
  /** Random images at each operation, besides one of each canonical kind. */
  readonly randomImages: number
  /** Fraction of the operations at which images are taken. */
  readonly imageShare: number
  /** Maximum nesting: crashes during the recovery from a crash. */
  readonly depthMax: number
}

/** @category Drivers */
export const DEFAULT_CRASH_SETTINGS: CrashSettings = {
  profile: 'powersafe',
  stepCount: 25,
  randomImages: 4,
  imageShare: 1,
  depthMax: 3,
}

/** Counts of a crash run. @category Drivers */
export interface CrashCounts {
  runs: number
  operations: number
  /** Images that were opened and checked, including nested ones. */
  images: number
  /** Images taken during a recovery, or during the work after one. */
  nested: number
  /** Images on which the subject's `verify` ran. */
  verified: number
  depthReached: number
  /** Images in which the subject reported damage done by the disk. */
  detected: number
  /** Images in which the disk lost acknowledged commits. */
  lost: number
}

/** Returns counts of zero. */
export function noCrashCounts(): CrashCounts {
  return { runs: 0, operations: 0, images: 0, nested: 0, verified: 0, depthReached: 0, detected: 0, lost: 0 }
}
