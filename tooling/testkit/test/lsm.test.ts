import { expect, test } from 'vitest'
import { STORE_CASES, storeSuite } from '../src/store/suite.js'
import { lsmStoresOf } from '../src/subjects/lsm-stores.js'

const KIB = 1024
const configurations = [
  lsmStoresOf({
    memtableBytes: 4 * KIB,
    blockBytes: 256,
    tableBytes: 2 * KIB,
    levelBaseBytes: 4 * KIB,
    cacheBytes: 256 * KIB,
  }),
  lsmStoresOf({
    memtableBytes: 64 * KIB,
    blockBytes: 512,
    tableBytes: 16 * KIB,
    levelBaseBytes: 32 * KIB,
    cacheBytes: 256 * KIB,
  }),
  lsmStoresOf({}),
  lsmStoresOf({ memtableBytes: 2 * KIB, blockBytes: 333, tableBytes: 2 * KIB, compaction: 'tiered' }),
]

for (const maker of configurations) {
  for (const one of STORE_CASES) {
    test(`${maker.name}: ${one.name}`, () => {
      one.run(maker)
    })
  }
  test.each([1, 2, 3, 4, 5, 6])(`${maker.name}: random operations, seed %i`, (seed) => {
    expect(storeSuite(maker, seed).steps).toBe(400)
  })
}
