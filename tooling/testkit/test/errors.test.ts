// Strategy: one workload again and again, with a fault at its first call, its second, and so on until the last, in the
// openings too; each kind of fault once, three times in a row, and for good; then the disk as it is, and after a crash.
// Invariants: errors are LdbErrors; nothing acknowledged is lost; nothing follows a commit that has failed; silent
// faults cost commits or are found out, and never give wrong data.
import { afterAll, expect, test } from 'vitest'
import { DEFAULT_SWEEP_SETTINGS, errorSweep, noSweepCounts } from '../src/error-sweep.js'
import { databaseSubject } from '../src/subjects/database-subject.js'
import { treeSubject } from '../src/subjects/tree-subject.js'
import { walSubject } from '../src/subjects/wal-subject.js'

const subjects = [
  { subject: walSubject, least: 5000 },
  { subject: treeSubject, least: 6000 },
  { subject: databaseSubject, least: 9000 },
]
const total = noSweepCounts()

test.each(subjects)('$subject.name stands every failing call', async ({ subject, least }) => {
  const counts = noSweepCounts()
  for (let seed = 1; counts.injected < least; seed++) {
    try {
      await errorSweep(subject, seed, DEFAULT_SWEEP_SETTINGS, counts)
    } catch (error) {
      throw new Error(`seed ${seed}: ${String(error)}`, { cause: error })
    }
  }
  total.cases += counts.cases
  total.injected += counts.injected
  total.crashes.images += counts.crashes.images
})

afterAll(() => {
  console.log(
    `errors: ${total.injected} injected in ${total.cases} runs, ${total.crashes.images} disks looked at`,
  )
  expect(total.injected).toBeGreaterThanOrEqual(20_000)
})
