// Each mistake that an engine of transactions can make must be found, by the random histories and by the cases; and an
// engine without one must pass.
import { expect, test } from 'vitest'
import { runHistory } from '../src/history-checker/history-suite.js'
import { ISOLATION_CASES } from '../src/isolation/anomaly-cases.js'
import { isolationSuite } from '../src/isolation/isolation-suite.js'
import { Violation } from '../src/violation.js'
import { ISOLATION_BUGS, mutant } from './isolation-mutants.js'

const SEEDS = 20
/** No script of a case writes outside of its transaction. */
const BY_HISTORIES_ALONE: readonly string[] = ['writes outside of transactions are not checked']

test('an engine without a mistake passes', () => {
  for (let seed = 0; seed < SEEDS; seed++) runHistory(mutant('none'), seed)
  isolationSuite(mutant('none'), ISOLATION_CASES, { orders: 260, injectedOrders: 20 })
})

test.each(ISOLATION_BUGS)('the history checker finds it when %s', (bug) => {
  expect(() => {
    for (let seed = 0; seed < SEEDS; seed++) runHistory(mutant(bug), seed)
  }).toThrow(Violation)
})

test.each(ISOLATION_BUGS.filter((bug) => !BY_HISTORIES_ALONE.includes(bug)))(
  'the cases find it when %s',
  (bug) => {
    expect(() => isolationSuite(mutant(bug))).toThrow(Violation)
  },
)
