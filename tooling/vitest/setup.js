// Runs before each test file.
import { expect } from 'vitest'

import { watchForHangs } from './hang-watch.js'

// Enables the costly invariant checks in every test; see INVARIANTS in @ldb/base.
globalThis.LDB_INVARIANTS = true

watchForHangs(expect.getState().testPath ?? 'a test file')
