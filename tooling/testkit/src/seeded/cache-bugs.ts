import type { SeededBug } from './seeded-bug.js'

const area = 'cache'

/** Bugs of the page cache. */
export const CACHE_BUGS: readonly SeededBug[] = [
  {
    name: 'cache-dirty-page-dropped',
    area,
    rows: [22],
    effect: 'a dirty page that makes room is not written',
    file: 'packages/cache/src/page-cache.ts',
    find: '      space.writeBack(frame)\n',
    replace: '      space.markClean(frame)\n',
    suite: 'crash-btree',
    cases: 10,
    firstSeed: 4,
  },
  {
    name: 'cache-clean-before-written',
    area,
    rows: [16, 26],
    effect: 'a page counts as clean although its write failed',
    file: 'packages/cache/src/page-cache.ts',
    find: '    this.#sink.writePage(this.pageOf(frame), frame, frame * this.#cache.pageBytes)\n    this.markClean(frame)\n',
    replace:
      '    this.markClean(frame)\n    this.#sink.writePage(this.pageOf(frame), frame, frame * this.#cache.pageBytes)\n',
    suite: 'packages/cache/src/page-cache.test.ts',
  },
  {
    name: 'cache-pin-ignored',
    area,
    rows: [17, 22],
    effect: 'a frame that is in use makes room',
    file: 'packages/cache/src/clock-hand.ts',
    find: '      if (pins[frame] !== 0) continue\n',
    replace: '      if (pins[frame] === -1) continue\n',
    suite: 'packages/cache/src/page-cache.test.ts',
  },
  {
    name: 'cache-stale-name-after-move',
    area,
    rows: [22],
    effect: 'a page that moved is still found under its old number',
    file: 'packages/cache/src/page-cache.ts',
    find: '    this.#table.remove(pageNumber)\n    this.#table.add(next, frame)\n',
    replace: '    this.#table.add(next, frame)\n',
    suite: 'crash-btree',
    cases: 10,
  },
  {
    name: 'cache-stale-page-after-shrink',
    area,
    rows: [22],
    effect: 'a page that became free stays in the cache under its number',
    file: 'packages/btree/src/pages.ts',
    find: '      this.space.drop(each)\n    }\n    this.freeSpace.free(page, count)\n',
    replace: '    }\n    this.freeSpace.free(page, count)\n',
    suite: 'crash-btree',
    cases: 10,
  },
  {
    name: 'cache-page-lost-by-removal',
    area,
    rows: [22],
    effect: 'taking a page out of the table hides another one',
    file: 'packages/cache/src/page-table.ts',
    find: '      if (((next - home) & mask) >= ((next - hole) & mask)) {',
    replace: '      if (((next - home) & mask) > ((next - hole) & mask)) {',
    suite: 'packages/cache/src/page-table.test.ts',
  },
]
