import type { SeededBug } from './seeded-bug.js'

const area = 'core'
const SWEEP = 'tooling/testkit/test/repair/repair-sweep.test.ts'
const CRASH = 'tooling/testkit/test/repair/repair-crash.test.ts'
const TREE = 'packages/btree/test/salvage.test.ts'

/** Bugs of the repair of damaged databases. */
export const REPAIR_BUGS: readonly SeededBug[] = [
  {
    name: 'repair-takes-free-pages',
    area,
    rows: [8],
    effect: 'pages that are free count as live: deleted entries come back',
    file: 'packages/btree/src/salvage/tree-salvage.ts',
    find: ' && free?.freeSpace.isFree(page) !== true',
    replace: '',
    suite: TREE,
    test: 'each damaged branch, and all of them at once, loses nothing',
  },
  {
    name: 'repair-trusts-page-without-parent',
    area,
    rows: [8],
    effect: 'a page that matches its own checksum, and not that of its parent, is read',
    file: 'packages/btree/src/salvage/tree-salvage.ts',
    find: '      checksum === undefined\n',
    replace: '      checksum === undefined || level === 0\n',
    suite: TREE,
  },
  {
    name: 'repair-forgets-gap-of-log',
    area,
    rows: [7],
    effect: 'a commit that the log has lost makes nothing suspect',
    file: 'packages/core/src/repair/log-survey.ts',
    find: '    this.missing.push({ first: this.#last + 1, last: seq })\n',
    replace: '',
    suite: SWEEP,
  },
  {
    name: 'repair-ignores-missing-log',
    area,
    rows: [7],
    effect: 'the loss of the end of the log makes nothing suspect',
    file: 'packages/wal/src/salvage.ts',
    find: '    this.#mayLackEnd = true\n',
    replace: '',
    suite: 'packages/core/test/repair.test.ts',
    test: 'without its log has the entries of its checkpoint, all of them suspects',
  },
  {
    name: 'repair-publishes-without-sync',
    area,
    rows: [3],
    effect: 'a crash after the end of a repair leaves no target',
    file: 'packages/core/src/repair/target.ts',
    find: '    this.#vfs.syncDirectory(directoryOf(this.directory))\n',
    replace: '',
    suite: CRASH,
    test: 'a crash leaves no target, or a complete one',
  },
  {
    name: 'repair-has-no-doubt-below-lost-block',
    area,
    rows: [8],
    effect: 'an older version that a damaged block had replaced is no suspect',
    file: 'packages/lsm/src/salvage/store-salvage.ts',
    find: '    if (!hasOlder) return\n',
    replace: '    if (hasOlder) return\n',
    suite: 'packages/lsm/test/salvage.test.ts',
    test: 'older versions below a damaged block are in doubt, in its range alone',
  },
]
