import { bitFlips, encryptedFlips, movedBlocks, oldBlocks, zeroedBlocks } from './trials/damage.js'
import { liveBackup, pointInTime, repair } from './trials/recovery.js'
import { canaries, wrongKey } from './trials/secrecy.js'
import type { Trial } from './trials/trial.js'

/** All trials, in the order of a report. */
export const TRIALS: readonly Trial[] = [
  bitFlips,
  zeroedBlocks,
  canaries,
  wrongKey,
  encryptedFlips,
  movedBlocks,
  oldBlocks,
  liveBackup,
  pointInTime,
  repair,
]

/** Returns the trial with an id. Throws when there is none. */
export function trialOf(id: string): Trial {
  const trial = TRIALS.find((each) => each.id === id)
  if (trial === undefined) throw new Error(`there is no trial ${id}`)
  return trial
}
