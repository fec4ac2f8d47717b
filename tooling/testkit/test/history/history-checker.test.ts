// Strategy: runs random concurrent transactions whose written values are unique, builds the serialization graph
// from their reads and the commit order, and checks it for cycles.
// Invariants: M1 to M14, M17 of @ldb/mvcc's SPEC.md.
import { expect, test } from 'vitest'
import { historySuite } from '../../src/history-checker/history-suite.js'
import { databaseTransactions } from '../../src/subjects/database-transactions.js'
import { transactionsSubject } from '../../src/subjects/transactions-subject.js'
import { formatCount, reportCounts } from '../counted.js'
import { runSuite } from '../run-suite.js'

const TRANSACTIONS = Number(process.env['LDB_HISTORY_TRANSACTIONS'] ?? 100_000)

test(
  'a hundred thousand transactions satisfy their isolation level',
  { timeout: 600_000 },
  async (context) => {
    const counts = await runSuite(historySuite(transactionsSubject), 'transactions', TRANSACTIONS)
    reportCounts(context, summary('history', counts))
    expect(counts['transactions']).toBeGreaterThanOrEqual(TRANSACTIONS)
    expect(counts['committed']).toBeGreaterThan(TRANSACTIONS / 3)
    expect(counts['conflicts']).toBeGreaterThan(TRANSACTIONS / 50)
  },
)

test('transactions of the database satisfy their isolation level', { timeout: 600_000 }, async (context) => {
  const counts = await runSuite(historySuite(databaseTransactions), 'transactions', TRANSACTIONS / 10)
  reportCounts(context, summary('history of the database', counts))
  expect(counts['transactions']).toBeGreaterThanOrEqual(TRANSACTIONS / 10)
  expect(counts['committed']).toBeGreaterThan(TRANSACTIONS / 30)
  expect(counts['conflicts']).toBeGreaterThan(TRANSACTIONS / 500)
})

function summary(what: string, counts: Readonly<Record<string, number>>): string {
  const { transactions, committed, conflicts, edges } = counts
  return `${what}: ${formatCount(transactions)} transactions, ${formatCount(committed)} committed, ${formatCount(conflicts)} conflicts, ${formatCount(edges)} dependencies, 0 violations`
}
