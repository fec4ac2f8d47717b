import type { Suite } from '../suite/suite.js'
import { PointRun } from './point-run.js'

/** Restores a run of commits to every one of them, plain and encrypted, with both engines. */
export const pointSuite: Suite = {
  name: 'points',
  stepCount: 10_000,
  runCase: (seed, stepCount = 10_000) =>
    Promise.resolve().then(() => {
      const run = new PointRun(seed, {
        engine: seed % 2 === 0 ? 'btree' : 'lsm',
        isEncrypted: seed % 4 >= 2,
        commitCount: stepCount,
      })
      run.run()
      for (let seq = run.firstSeq; seq <= run.seq; seq++) run.check(seq)
      return { restorePoints: run.seq - run.firstSeq + 1 }
    }),
}
