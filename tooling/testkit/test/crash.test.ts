// Strategy: random workloads, each seed with its own settings and its own mix of steps; a loss of power at every
// operation of the file system, of the recoveries too, three deep; then more writes, and the next one.
// Invariants: what is found is the state after some commit, not older than the last one acknowledged as durable, over
// all keyspaces; opening again finds the same; the system's own check finds nothing; file operations keep their order.
import { afterAll, expect, test } from 'vitest'
import { crashRun, DEFAULT_CRASH_SETTINGS, noCrashCounts } from '../src/crash-driver.js'
import type { DiskProfile } from '../src/crash-driver.js'
import { databaseSubject } from '../src/subjects/database-subject.js'
import { treeSubject } from '../src/subjects/tree-subject.js'
import { walSubject } from '../src/subjects/wal-subject.js'

const subjects = [walSubject, treeSubject, databaseSubject]
const total = noCrashCounts()
const shares: Record<string, number> = { wal: 8000, btree: 5000, database: 7500 }

test.each(subjects)('$name keeps its word when power is lost', async (subject) => {
  const counts = noCrashCounts()
  for (let seed = 1; counts.images < (shares[subject.name] ?? 0); seed++) {
    await named(seed, crashRun(subject, seed, DEFAULT_CRASH_SETTINGS, counts))
  }
  expect(counts).toMatchObject({ detected: 0, lost: 0, deepest: 3 })
  total.images += counts.images
  total.nested += counts.nested
  total.runs += counts.runs
})

const profiles: DiskProfile[] = ['neighbours', 'lying']
test.each(profiles)(
  'a disk that is %s costs commits or is found out, and never gives wrong data',
  async (profile) => {
    const counts = noCrashCounts()
    const settings = { ...DEFAULT_CRASH_SETTINGS, profile, stepCount: 12, imageShare: 0.5 }
    for (const subject of subjects) await named(2, crashRun(subject, 2, settings, counts))
    expect(counts.detected + counts.lost).toBeGreaterThan(0)
    console.log(
      `${profile}: ${counts.images} images, ${counts.detected} found out, ${counts.lost} with commits lost`,
    )
  },
)

afterAll(() => {
  console.log(`crashes: ${total.runs} workloads, ${total.images} images, ${total.nested} of them nested`)
  expect(total.images).toBeGreaterThanOrEqual(20_000)
  expect(total.nested).toBeGreaterThanOrEqual(total.images / 5)
})

async function named(seed: number, run: Promise<unknown>): Promise<void> {
  try {
    await run
  } catch (error) {
    throw new Error(`seed ${seed}: ${String(error)}`, { cause: error })
  }
}
