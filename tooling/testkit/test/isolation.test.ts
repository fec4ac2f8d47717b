// Strategy: every phenomenon of the Hermitage suite, and those of ordered ranges, savepoints and several keyspaces, at both
// levels, in every order of steps, with checkpoints, moved pages, other people's writes and reopening between the steps.
// Invariants: M1 to M14, M17, M21 of @ldb/mvcc's SPEC.md.
import { describe, expect, test } from 'vitest'
import { ISOLATION_CASES } from '../src/isolation/anomaly-cases.js'
import { isolationSuite } from '../src/isolation/isolation-suite.js'
import { databaseTransactions } from '../src/subjects/database-transactions.js'
import { transactionsSubject } from '../src/subjects/transactions-subject.js'

describe.each([transactionsSubject, databaseTransactions])('$name', (subject) => {
  test.each(ISOLATION_CASES.map((testCase) => [testCase.name, testCase] as const))('%s', (_, testCase) => {
    const { runs, anomalies } = isolationSuite(subject, [testCase])
    expect(runs).toBeGreaterThan(50)
    expect(anomalies > 0).toBe(testCase.atSnapshot === 'allowed')
  })
})
