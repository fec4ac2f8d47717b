// Strategy: a reader of the change stream maintains a copy; the database loses power or its process ends at any
// operation of the disk; the reader resumes at its position.
// Invariant: every received change survives, the resumed stream contains exactly the surviving changes, and the
// copy equals the content.
import { expect, test } from 'vitest'
import { changeCrashSuite } from '../../src/changes/change-crash-suite.js'
import { formatCount, reportCounts } from '../counted.js'
import { runSuite } from '../run-suite.js'

test('a change stream resumes after a crash', { timeout: 300_000 }, async (context) => {
  const counts = await runSuite(changeCrashSuite, 'crashes', 120)
  reportCounts(
    context,
    `changes: ${counts['crashes']} crashes, ${counts['resumed']} resumed, ${counts['log truncated']} truncated logs, ${formatCount(counts['commits'])} commits, 0 violations`,
  )
  expect(counts['resumed']).toBeGreaterThan(5)
})
