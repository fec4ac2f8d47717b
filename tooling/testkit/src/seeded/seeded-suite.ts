import type { Suite } from '../suite/suite.js'
import { SEEDED_BUGS } from './bug-list.js'
import { catchBug } from './bug-run.js'
import type { SeededBug } from './bugs/seeded-bug.js'

/** Seeded bugs, one a case: the suite named beside a bug passes without it and fails with it. */
export const seededSuite: Suite = {
  name: 'seeded',
  runCase: async (seed) => {
    const { cases } = await catchBug(SEEDED_BUGS[seed % SEEDED_BUGS.length] as SeededBug)
    return { seededBugs: 1, casesToCatch: cases }
  },
}
