// Strategy: random transactions, many open at once, of which every value is unique; from what each has seen and the order
// of commits follows who must come before whom, and there must be no circle.
// Invariants: M1 to M14, M17 of @ldb/mvcc's SPEC.md.
import { expect, test } from 'vitest'
import { historySuite } from '../src/history-checker/history-suite.js'
import { databaseTransactions } from '../src/subjects/database-transactions.js'
import { transactionsSubject } from '../src/subjects/transactions-subject.js'
import { grouped, tell } from './counted.js'
import { runSuite } from './run-suite.js'

const TRANSACTIONS = Number(process.env['LDB_HISTORY_TRANSACTIONS'] ?? 100_000)

test('a hundred thousand transactions are as their level promises', { timeout: 600_000 }, async (context) => {
  const counts = await runSuite(historySuite(transactionsSubject), 'transactions', TRANSACTIONS)
  tell(context, told('history', counts))
  expect(counts['transactions']).toBeGreaterThanOrEqual(TRANSACTIONS)
  expect(counts['committed']).toBeGreaterThan(TRANSACTIONS / 3)
  expect(counts['conflicts']).toBeGreaterThan(TRANSACTIONS / 50)
})

test('and so are those of the database', { timeout: 600_000 }, async (context) => {
  const counts = await runSuite(historySuite(databaseTransactions), 'transactions', TRANSACTIONS / 10)
  tell(context, told('history of the database', counts))
  expect(counts['transactions']).toBeGreaterThanOrEqual(TRANSACTIONS / 10)
  expect(counts['committed']).toBeGreaterThan(TRANSACTIONS / 30)
  expect(counts['conflicts']).toBeGreaterThan(TRANSACTIONS / 500)
})

function told(what: string, counts: Readonly<Record<string, number>>): string {
  const { transactions, committed, conflicts, edges } = counts
  return `${what}: ${grouped(transactions)} transactions, ${grouped(committed)} committed, ${grouped(conflicts)} conflicts, ${grouped(edges)} dependencies, 0 violations`
}
