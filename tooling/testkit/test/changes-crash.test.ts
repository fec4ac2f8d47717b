// Strategy: a reader of changes keeps a copy; the database loses power or its process ends at any operation of its disk; the
// reader goes on where it was.
// Invariant: what was told has survived, and what is told then is just what has; the copy is the content.
import { expect, test } from 'vitest'
import { changeCrashSuite } from '../src/changes/change-crash-suite.js'
import { grouped, tell } from './counted.js'
import { runSuite } from './run-suite.js'

test('changes go on behind a crash where they were', { timeout: 300_000 }, async (context) => {
  const counts = await runSuite(changeCrashSuite, 'crashes', 120)
  tell(
    context,
    `changes: ${counts['crashes']} crashes, ${counts['resumed']} times gone on, ${counts['log cut']} logs cut, ${grouped(counts['commits'])} commits, 0 violations`,
  )
  expect(counts['resumed']).toBeGreaterThan(5)
})
