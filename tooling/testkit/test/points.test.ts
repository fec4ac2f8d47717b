// Strategy: a run of commits with backups, increments and an archive, of both engines, plain and encrypted, is restored to each of its commits;
// a longer one, to some of them. See src/points.
// Invariants: a restore to a commit is the state of a model at that commit, whichever backup it begins with.
import { expect, test } from 'vitest'
import { PointRun } from '../src/points/point-run.js'
import { pointSuite } from '../src/points/point-suite.js'
import { reportCounts } from './counted.js'

test('every commit of a run can be restored', { timeout: 300_000 }, async (context) => {
  let count = 0
  for (let seed = 0; seed < 4; seed++) count += (await pointSuite.runCase(seed, 60))['restorePoints'] ?? 0
  const run = new PointRun(9, { engine: 'btree', isEncrypted: true, commitCount: 700 })
  run.run()
  for (let seq = run.firstSeq; seq <= run.seq; seq += 45) {
    run.check(seq)
    count++
  }
  reportCounts(context, `points in time: ${count} restored, 0 violations`)
  expect(count).toBeGreaterThan(240)
})
