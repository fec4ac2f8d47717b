// Strategy: golden databases that were left open, with commits that were not synced, or while their log was
// being cut, are damaged in every way of mutation.ts, thousands of times,
// and everything is done with them that a program may do.
// Invariants: the data are right, or those of a shorter prefix that holds all that was known to be synced, or an `LdbError` says that they are not; `verify` finds every changed byte that is
// live (liveness.ts says which those are); nothing else is thrown, nothing hangs, nothing allocates without bounds.
import { describe, expect, it } from 'vitest'
import { corruptionSuite } from '../src/corruption/corruption-suite.js'
import { grouped, tell } from './counted.js'
import { runSuite } from './run-suite.js'

const CASES = 51_000

describe('a database that was left open', () => {
  it('is never wrong in silence', async (context) => {
    const counts = await runSuite(
      corruptionSuite('corruption-open', ['open', 'cutting']),
      'corruptionCases',
      CASES,
    )
    expect(counts['corruptionCases']).toBeGreaterThanOrEqual(CASES)
    tell(
      context,
      `corruption, open: ${grouped(counts['corruptionCases'])} cases, ${grouped(counts['refused'])} refused, ${grouped(counts['reported'])} reported, ${grouped(counts['unharmed'])} unharmed, 0 violations`,
    )
    expect(counts['refused']).toBeGreaterThan(0)
    expect(counts['reported']).toBeGreaterThan(0)
    expect(counts['unharmed']).toBeGreaterThan(0)
    expect(counts['shortened']).toBeGreaterThan(0)
  }, 600_000)
})
