import type { SeededBug } from './seeded-bug.js'

const area = 'tree'
const stepped = 'packages/btree/test/stepped.test.ts'

/** Bugs of checkpoints that are made in steps, beside commits. */
export const STEP_BUGS: readonly SeededBug[] = [
  {
    name: 'step-not-waited-for',
    area: 'core',
    rows: [5, 10],
    effect: 'the next step is made before the device has what the one before has to have brought there',
    file: 'packages/base/src/stepped-work.ts',
    find: '        await waiting.syncAsync()\n',
    replace: '        void waiting.syncAsync()\n',
    suite: 'tooling/testkit/test/async-crash.test.ts',
  },
  {
    name: 'tree-frozen-frame-taken',
    area,
    rows: [10, 17],
    effect: 'a write takes the frame of a page that a checkpoint has yet to write down',
    file: 'packages/btree/src/pages.ts',
    find: '    if (made > this.written.frozenEpoch) return true\n',
    replace: '    if (made >= 0) return true\n',
    suite: stepped,
  },
  {
    name: 'tree-frozen-branch-taken',
    area,
    rows: [10, 17],
    effect: 'a write takes the frame of a branch that a checkpoint has yet to settle',
    file: 'packages/btree/src/pages.ts',
    find: '    return pageLevel(this.memory, page) === 0 && !this.space.isDirty(',
    replace: '    return !this.space.isDirty(',
    suite: stepped,
  },
  {
    name: 'tree-frozen-copy-not-told',
    area,
    rows: [10],
    effect: 'the copy of a branch that is being written down keeps old checksums of its children',
    file: 'packages/btree/src/written-pages.ts',
    find: '      if (child !== undefined) setChildChecksum(',
    replace: '      if (child === null) setChildChecksum(',
    suite: stepped,
  },
  {
    name: 'tree-checksum-forgotten-early',
    area,
    rows: [10],
    effect: 'what was written while the tree was settled counts as known to all parents',
    file: 'packages/btree/src/written-pages.ts',
    find: 'this.#hasNewBranch ? this.#begunTime : this.#time',
    replace: 'this.#time',
    suite: stepped,
  },
  {
    name: 'tree-new-branch-not-noted',
    area,
    rows: [10],
    effect: 'a branch that is new, and no copy, counts as settled with the frozen tree',
    file: 'packages/btree/src/written-pages.ts',
    find: '  noteNewBranch(): void {\n    this.#hasNewBranch = true\n',
    replace: '  noteNewBranch(): void {\n',
    suite: stepped,
  },
  {
    name: 'tree-free-space-page-free',
    area,
    rows: [18, 19],
    effect: 'the free-space pages of a checkpoint count as free in it',
    file: 'packages/btree/src/checkpoint.ts',
    find: '    after.take(page)\n',
    replace: '    if (page < 0) after.take(page)\n',
    suite: stepped,
  },
]
