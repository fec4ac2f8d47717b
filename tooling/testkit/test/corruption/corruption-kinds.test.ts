// Strategy: encrypted golden databases of both engines, and plain ones with LSM trees, both with compressed values in blob files, left in every
// state, are damaged by mutations of mutation.ts, in all files, `KEYS` included. Each damaged database is opened, read, verified, written and closed.
// Invariants: those of the plain ones, in the other tests of this folder.
import { expect, test } from 'vitest'
import { corruptionSuite } from '../../src/corruption/corruption-suite.js'
import { GOLDEN_ENDINGS } from '../../src/corruption/golden.js'
import { formatCount, reportCounts } from '../counted.js'
import { runSuite } from '../run-suite.js'

const CASES = 256

test.for(['encrypted', 'lsm'] as const)(
  'golden databases, %s',
  { timeout: 600_000 },
  async (kind, context) => {
    const suite = corruptionSuite(`corruption-${kind}`, GOLDEN_ENDINGS, kind)
    const counts = await runSuite(suite, 'corruptionCases', CASES)
    expect(counts['corruptionCases']).toBeGreaterThanOrEqual(CASES)
    for (const answer of ['refused', 'reported', 'unharmed']) expect(counts[answer]).toBeGreaterThan(0)
    reportCounts(
      context,
      `corruption, ${kind}: ${formatCount(counts['corruptionCases'])} cases, ${formatCount(counts['refused'])} refused, ${formatCount(counts['reported'])} reported, 0 violations`,
    )
  },
)
