import type { SeededBug } from './seeded-bug.js'

const area = 'tree'
const FREE_SPACE = 'packages/btree/test/free-space-damage.test.ts'
const META = 'packages/btree/test/meta-copy.test.ts'

/** Bugs of the copies that a B+tree keeps: the mirrors of its free-space pages, and the copy of its meta block. */
export const COPY_BUGS: readonly SeededBug[] = [
  {
    name: 'copies-mirror-not-updated',
    area,
    rows: [19, 21],
    effect: 'a checkpoint does not write the mirrors of its free-space pages',
    file: 'packages/btree/src/file/free-space-pages.ts',
    find: '    codec.write(file, UnitKind.FreeSpacePage',
    replace: '    if (kind === PageKind.FreeSpace) codec.write(file, UnitKind.FreeSpacePage',
    suite: FREE_SPACE,
    test: 'of each pair of copies one may be damaged',
  },
  {
    name: 'copies-mirror-in-same-block',
    area,
    rows: [21],
    effect: 'a mirror is in the 4 KiB block of its page: one torn write damages both',
    file: 'packages/btree/src/file/free-space-pages.ts',
    find: 'freeSpace.allocateApart(page, blockPages)',
    replace: 'freeSpace.allocate()',
    suite: FREE_SPACE,
    test: 'a page and its mirror are in different blocks of the device',
  },
  {
    name: 'copies-mirror-without-link-check',
    area,
    rows: [18, 21],
    effect: 'an older mirror, which is intact, is read in place of a damaged page',
    file: 'packages/btree/src/file/free-space-page-reader.ts',
    find: "    return typeof link === 'number' || (low",
    replace: "    return typeof link !== 'string' || (low",
    suite: FREE_SPACE,
    test: 'a mirror of another state is not read',
  },
  {
    name: 'copies-meta-copy-not-written',
    area,
    rows: [18],
    effect: 'a checkpoint does not write the copy of its meta block',
    file: 'packages/btree/src/file/meta-blocks.ts',
    find: 'for (const block of [blockOf(meta.checkpoint), META_COPY_BLOCK]) {',
    replace: 'for (const block of [blockOf(meta.checkpoint)]) {',
    suite: META,
  },
  {
    name: 'copies-stale-meta-copy-preferred',
    area,
    rows: [18],
    effect: 'the copy of the meta block is used even if it is older than the blocks at the front',
    file: 'packages/btree/src/file/meta-blocks.ts',
    find: '    return left.meta.checkpoint > right.meta.checkpoint ? left : right\n',
    replace: '    return right\n',
    suite: 'packages/btree/src/file/meta-blocks.test.ts',
    test: 'never when it is older',
  },
  {
    name: 'copies-only-copy-overwritten',
    area,
    rows: [18],
    effect: 'a checkpoint overwrites the copy that alone holds the checkpoint before',
    file: 'packages/btree/src/file/open.ts',
    find: '(!isDurable || (!hasOwn && !hasSpare))',
    replace: '!isDurable',
    suite: META,
    test: 'the copy is not overwritten while it is the only block',
  },
]
