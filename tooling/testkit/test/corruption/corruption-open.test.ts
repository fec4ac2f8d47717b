// Strategy: golden databases that were not closed, with unsynced commits or during truncation of the log, are damaged by every
// mutation of mutation.ts. Each damaged database is opened, read, verified, written and closed.
// Invariants: the data are those of all commits, or of a prefix that contains all commits known to be synced, or an `LdbError`
// reports that they are not; `verify` reports every change of a live byte (see liveness.ts); no other error is thrown, nothing
// blocks, and no allocation is unbounded.
import { describe, expect, it } from 'vitest'
import { corruptionSuite } from '../../src/corruption/corruption-suite.js'
import { formatCount, reportCounts } from '../counted.js'
import { runSuite } from '../run-suite.js'

const CASES = 5_000

describe('a database that was not closed', () => {
  it('never returns wrong data without an error', async (context) => {
    const counts = await runSuite(
      corruptionSuite('corruption-open', ['open', 'cutting']),
      'corruptionCases',
      CASES,
    )
    expect(counts['corruptionCases']).toBeGreaterThanOrEqual(CASES)
    reportCounts(
      context,
      `corruption, open: ${formatCount(counts['corruptionCases'])} cases, ${formatCount(counts['refused'])} refused, ${formatCount(counts['reported'])} reported, ${formatCount(counts['unharmed'])} unharmed, 0 violations`,
    )
    expect(counts['refused']).toBeGreaterThan(0)
    expect(counts['reported']).toBeGreaterThan(0)
    expect(counts['unharmed']).toBeGreaterThan(0)
    expect(counts['shortened']).toBeGreaterThan(0)
  }, 600_000)
})
