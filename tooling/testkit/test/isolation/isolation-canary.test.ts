// Strategy: engines with one concurrency-control bug each. The random histories and the isolation cases must detect
// every bug; an engine without a bug must pass both.
import { expect, test } from 'vitest'
import { runHistory } from '../../src/history-checker/history-suite.js'
import { ISOLATION_CASES } from '../../src/isolation/anomaly-cases.js'
import { isolationSuite } from '../../src/isolation/isolation-suite.js'
import { Violation } from '../../src/base/violation.js'
import { ISOLATION_BUGS, mutant } from './isolation-mutants.js'

const SEEDS = 20
/** No script writes outside of its transaction. */
const HISTORIES_ONLY: readonly string[] = ['writes outside of transactions are not checked']

test('an engine without a bug passes', () => {
  for (let seed = 0; seed < SEEDS; seed++) runHistory(mutant('none'), seed)
  isolationSuite(mutant('none'), ISOLATION_CASES, { orders: 260, injectedOrders: 20 })
})

test.each(ISOLATION_BUGS)('the history checker detects that %s', (bug) => {
  expect(() => {
    for (let seed = 0; seed < SEEDS; seed++) runHistory(mutant(bug), seed)
  }).toThrow(Violation)
})

test.each(ISOLATION_BUGS.filter((bug) => !HISTORIES_ONLY.includes(bug)))(
  'the isolation cases detect that %s',
  (bug) => {
    expect(() => isolationSuite(mutant(bug))).toThrow(Violation)
  },
)
