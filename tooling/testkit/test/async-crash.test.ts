// Strategy: groups of commits by the async face, mixed with the sync one, with losses of power at every operation of the
// disk, and with a fault at each call in turn.
// Invariants: what was acknowledged at full is there; what is found is a prefix of the commits in the order of their calls;
// conditional writes see every commit before them.
import { expect, test } from 'vitest'
import { crashRun } from '../src/drivers/crash-driver.js'
import { DEFAULT_CRASH_SETTINGS, noCrashCounts } from '../src/drivers/crash-settings.js'
import { errorSweep } from '../src/drivers/error-sweep.js'
import { FAULT_KINDS } from '../src/vfs/fault.js'
import { asyncDatabaseSubject } from '../src/subjects/async-database-subject.js'

test(
  'groups of commits survive losses of power as they were acknowledged',
  { timeout: 300_000 },
  async () => {
    const counts = noCrashCounts()
    for (let seed = 1; counts.images < 2_500; seed++) {
      const settings = { ...DEFAULT_CRASH_SETTINGS, stepCount: 8, imageShare: 0.3, randomImages: 2 }
      await crashRun(asyncDatabaseSubject, seed, settings, counts).catch((error: unknown) => {
        throw new Error(`seed ${seed}: ${String(error)}`, { cause: error })
      })
    }
    expect(counts.lost + counts.detected).toBe(0)
  },
)

test('a fault at any call leaves what was acknowledged', { timeout: 300_000 }, async () => {
  // The other kinds of fault strike the same calls with another name; the deep programme has them all.
  const kinds = FAULT_KINDS.filter(({ name }) =>
    ['EIO on change', 'sync: lost', 'EIO on read'].includes(name),
  )
  const counts = await errorSweep(asyncDatabaseSubject, 3, { stepCount: 2, kinds })
  expect(counts.injected).toBeGreaterThan(100)
})
