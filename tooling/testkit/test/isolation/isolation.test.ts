// Strategy: every phenomenon of the Hermitage suite, and cases of ordered ranges, savepoints and several keyspaces,
// at both levels, in every order of steps (a sample of the orders of three transactions), with checkpoints, moved
// pages, unrelated writes and reopens between the steps. `npm run test:deep -- --suite isolation` runs all orders.
// Invariants: M1 to M14, M17, M21 of @ldb/mvcc's SPEC.md.
import { describe, expect, test } from 'vitest'
import { formatCount, reportCounts } from '../counted.js'
import { ISOLATION_CASES } from '../../src/isolation/anomaly-cases.js'
import { isolationSuite } from '../../src/isolation/isolation-suite.js'
import { databaseTransactions } from '../../src/subjects/database-transactions.js'
import { transactionsSubject } from '../../src/subjects/transactions-subject.js'

const SUBJECTS = [
  { name: 'mvcc', subject: transactionsSubject, effort: { orders: 260, injectedOrders: 20 } },
  { name: 'database', subject: databaseTransactions, effort: { orders: 70, injectedOrders: 4 } },
]

describe.each(SUBJECTS)('$name', ({ name, subject, effort }) => {
  const totals = { cases: 0, runs: 0, conflicts: 0, anomalies: 0 }

  const each = ISOLATION_CASES.map((testCase) => [testCase.name, testCase] as const)
  test.each(each)('%s', { timeout: 60_000 }, (_, testCase) => {
    const { runs, conflicts, anomalies } = isolationSuite(subject, [testCase], effort)
    expect(runs).toBeGreaterThan(50)
    expect(anomalies > 0).toBe(testCase.atSnapshot === 'allowed')
    totals.cases++
    totals.runs += runs
    totals.conflicts += conflicts
    totals.anomalies += anomalies
  })

  test('all cases have run with enough conflicts', (context) => {
    reportCounts(
      context,
      `isolation of ${name}: ${totals.cases} cases, ${formatCount(totals.runs)} runs, ${formatCount(totals.conflicts)} conflicts, ${formatCount(totals.anomalies)} anomalies that snapshot allows, 0 violations`,
    )
    expect(totals.cases).toBe(ISOLATION_CASES.length)
    expect(totals.runs).toBeGreaterThan(2_000)
    expect(totals.conflicts).toBeGreaterThan(totals.runs / 20)
  })
})
