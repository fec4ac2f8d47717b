import { AHEAD_BUGS } from './ahead-bugs.js'
import { CACHE_BUGS } from './cache-bugs.js'
import { CORE_BUGS } from './core-bugs.js'
import { FLOOR_BUGS } from './floor-bugs.js'
import { LOG_BUGS } from './log-bugs.js'
import type { SeededBug } from './seeded-bug.js'
import { STEP_BUGS } from './step-bugs.js'
import { TRANSACTION_BUGS } from './transaction-bugs.js'
import { TREE_BUGS } from './tree-bugs.js'

/** Every seeded bug. */
export const SEEDED_BUGS: readonly SeededBug[] = [
  ...LOG_BUGS,
  ...AHEAD_BUGS,
  ...TREE_BUGS,
  ...STEP_BUGS,
  ...CACHE_BUGS,
  ...CORE_BUGS,
  ...TRANSACTION_BUGS,
  ...FLOOR_BUGS,
]
