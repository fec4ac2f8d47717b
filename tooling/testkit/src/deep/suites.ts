import { crashRun, DEFAULT_CRASH_SETTINGS, noCrashCounts } from '../crash-driver.js'
import type { CrashCounts, DiskProfile } from '../crash-driver.js'
import { DEFAULT_SWEEP_SETTINGS, errorSweep, noSweepCounts } from '../error-sweep.js'
import { storeSuite } from '../store-suite.js'
import type { Subject } from '../subject.js'
import { asyncDatabaseSubject } from '../subjects/async-database-subject.js'
import { databaseSubject } from '../subjects/database-subject.js'
import { treeStores } from '../subjects/tree-stores.js'
import { treeSubject } from '../subjects/tree-subject.js'
import { walSubject } from '../subjects/wal-subject.js'

/** Numbers by what they count. */
export type Counts = Record<string, number>

/** A suite that can run for as long as it is given, one seed after the other. */
export interface DeepSuite {
  readonly name: string
  /**
   * Runs what the seed decides.
   *
   * @param stepCount - steps of the workload, where a failing run is to be made smaller; otherwise the usual number.
   * @throws when a promise is broken.
   */
  run(seed: number, stepCount?: number): Promise<Counts>
}

const SUBJECTS: readonly Subject[] = [walSubject, treeSubject, databaseSubject, asyncDatabaseSubject]
const PROFILES: readonly DiskProfile[] = ['powersafe', 'neighbours', 'lying']

/** Every suite there is. */
export const DEEP_SUITES: readonly DeepSuite[] = [
  ...PROFILES.flatMap((profile) => SUBJECTS.map((subject) => crashSuite(subject, profile))),
  ...SUBJECTS.map(sweepSuite),
  {
    name: 'store-btree',
    run: async (seed) => storeSuite(treeStores(seed), seed),
  },
]

function crashSuite(subject: Subject, profile: DiskProfile): DeepSuite {
  const suffix = profile === 'powersafe' ? '' : `-${profile}`
  return {
    name: `crash-${subject.name}${suffix}`,
    run: async (seed, stepCount = DEFAULT_CRASH_SETTINGS.stepCount) => {
      const counts: CrashCounts = noCrashCounts()
      await crashRun(subject, seed, { ...DEFAULT_CRASH_SETTINGS, profile, stepCount }, counts)
      const { deepest: _, ...sums } = counts
      return sums
    },
  }
}

function sweepSuite(subject: Subject): DeepSuite {
  return {
    name: `error-${subject.name}`,
    run: async (seed, stepCount = DEFAULT_SWEEP_SETTINGS.stepCount) => {
      const { cases, injected, errorsGiven, crashes } = await errorSweep(
        subject,
        seed,
        { ...DEFAULT_SWEEP_SETTINGS, stepCount },
        noSweepCounts(),
      )
      return { cases, injected, errorsGiven, disks: crashes.images }
    },
  }
}
