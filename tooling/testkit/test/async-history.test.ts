// Strategy: clients of the async face beside each other, some of the sync face between them, over lives of the database that
// end by a close, a loss of power, the end of the process, or a commit that fails. Engines with one mistake must be found out.
// Invariants: M1 to M14, M16, M17 of @ldb/mvcc's SPEC.md; C1, C3, C9 of the database's. Whose outcome nobody knew is in or out
// for good; what was seen or acknowledged survives; commits have the order of their calls.
import { expect, test } from 'vitest'
import { asyncHistorySuite, runAsyncHistory } from '../src/history-checker/async/suite.js'
import { Violation } from '../src/violation.js'
import { ASYNC_MUTANTS } from './async-history-mutants.js'
import { grouped, tell } from './counted.js'
import { runSuite } from './run-suite.js'

const TRANSACTIONS = Number(process.env['LDB_HISTORY_TRANSACTIONS'] ?? 100_000) / 10
const SEEDS = 30

test(
  'transactions in flight are as their level promises, through crashes and failed commits',
  { timeout: 600_000 },
  async (context) => {
    const counts = await runSuite(asyncHistorySuite, 'transactions', TRANSACTIONS)
    const { transactions, committed, conflicts, crashes, closes, edges } = counts
    tell(
      context,
      `history with promises: ${grouped(transactions)} transactions, ${grouped(committed)} committed, ${grouped(conflicts)} conflicts, ${crashes} crashes, ${counts['failed commits']} commits that fail, ${closes} closes, ${counts['unknown and in']} of unknown outcome in and ${counts['unknown and out']} out, ${grouped(edges)} dependencies, 0 violations`,
    )
    expect(committed).toBeGreaterThan(TRANSACTIONS / 3)
    expect(conflicts).toBeGreaterThan(TRANSACTIONS / 50)
    expect(crashes).toBeGreaterThan(TRANSACTIONS / 500)
    expect(counts['failed commits']).toBeGreaterThan(TRANSACTIONS / 1_000)
    expect(counts['unknown and in']).toBeGreaterThan(TRANSACTIONS / 1_000)
    expect(counts['unknown and out']).toBeGreaterThan(TRANSACTIONS / 1_000)
  },
)

test.each(Object.entries(ASYNC_MUTANTS))('it is found when %s', { timeout: 60_000 }, async (_, options) => {
  let found: unknown
  for (let seed = 0; seed < SEEDS && found === undefined; seed++) {
    await runAsyncHistory(seed, options).catch((error: unknown) => {
      found = error
    })
  }
  expect(found).toBeInstanceOf(Violation)
})
