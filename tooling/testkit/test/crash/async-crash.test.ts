// Strategy: runs groups of commits through the async API mixed with sync calls; loses power at the operations of
// the disk, and injects a fault at each call in turn.
// Invariants: commits acknowledged at `full` are present; the recovered state is a prefix of the commits in call
// order; conditional writes see every earlier commit.
import { expect, test } from 'vitest'
import { crashRun } from '../../src/drivers/crash-driver.js'
import { DEFAULT_CRASH_SETTINGS, noCrashCounts } from '../../src/drivers/crash-settings.js'
import { errorSweep } from '../../src/drivers/error-sweep.js'
import { FAULT_KINDS } from '../../src/vfs/fault.js'
import { asyncDatabaseSubject } from '../../src/subjects/async-database-subject.js'

test('acknowledged commits of a group survive power loss', { timeout: 300_000 }, async () => {
  const counts = noCrashCounts()
  for (let seed = 1; counts.images < 2_500; seed++) {
    const settings = { ...DEFAULT_CRASH_SETTINGS, stepCount: 8, imageShare: 0.3, randomImages: 2 }
    await crashRun(asyncDatabaseSubject, seed, settings, counts).catch((error: unknown) => {
      throw new Error(`seed ${seed}: ${String(error)}`, { cause: error })
    })
  }
  expect(counts.lost + counts.detected).toBe(0)
})

test('acknowledged commits survive a fault at any call', { timeout: 300_000 }, async () => {
  // The other kinds of fault strike the same calls with other errors; the deep runner covers them all.
  const kinds = FAULT_KINDS.filter(({ name }) =>
    ['EIO on change', 'sync: lost', 'EIO on read'].includes(name),
  )
  const counts = await errorSweep(asyncDatabaseSubject, 3, { stepCount: 2, kinds })
  expect(counts.injected).toBeGreaterThan(100)
})
