// Strategy: concurrent clients use the async API, with sync calls in between, over lives of the database that end
// by a close, a power loss, the end of the process, or a failing commit. Engines with one bug each must fail the
// check.
// Invariants: M1 to M14, M16, M17 of @ldb/mvcc's SPEC.md; C1, C3, C9 of the database's. A commit of unknown outcome
// is present or absent for good; acknowledged and read commits survive; commits have the order of their calls.
import { expect, test } from 'vitest'
import { asyncHistorySuite, runAsyncHistory } from '../../src/history-checker/async/suite.js'
import { Violation } from '../../src/base/violation.js'
import { ASYNC_MUTANTS } from './async-history-mutants.js'
import { formatCount, reportCounts } from '../counted.js'
import { runSuite } from '../run-suite.js'

const TRANSACTIONS = Number(process.env['LDB_HISTORY_TRANSACTIONS'] ?? 100_000) / 10
const SEEDS = 30

test(
  'concurrent transactions satisfy their isolation level through crashes and failed commits',
  { timeout: 600_000 },
  async (context) => {
    const counts = await runSuite(asyncHistorySuite, 'transactions', TRANSACTIONS)
    const { transactions, committed, conflicts, crashes, closes, edges } = counts
    reportCounts(
      context,
      `async history: ${formatCount(transactions)} transactions, ${formatCount(committed)} committed, ${formatCount(conflicts)} conflicts, ${crashes} crashes, ${counts['failed commits']} failed commits, ${closes} closes, ${counts['unknown, committed']} commits of unknown outcome present and ${counts['unknown, lost']} absent, ${formatCount(edges)} dependencies, 0 violations`,
    )
    expect(committed).toBeGreaterThan(TRANSACTIONS / 3)
    expect(conflicts).toBeGreaterThan(TRANSACTIONS / 50)
    expect(crashes).toBeGreaterThan(TRANSACTIONS / 500)
    expect(counts['failed commits']).toBeGreaterThan(TRANSACTIONS / 1_000)
    expect(counts['unknown, committed']).toBeGreaterThan(TRANSACTIONS / 1_000)
    expect(counts['unknown, lost']).toBeGreaterThan(TRANSACTIONS / 1_000)
  },
)

test.each(Object.entries(ASYNC_MUTANTS))('detects that %s', { timeout: 60_000 }, async (_, options) => {
  let found: unknown
  for (let seed = 0; seed < SEEDS && found === undefined; seed++) {
    await runAsyncHistory(seed, options).catch((error: unknown) => {
      found = error
    })
  }
  expect(found).toBeInstanceOf(Violation)
})
