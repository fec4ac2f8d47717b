import { BTree } from '@ldb/btree'
import { MemoryVfs } from '@ldb/vfs'
import type { Vfs } from '@ldb/vfs'
import type { StoreMaker } from '../store/store-maker.js'
import { swarmOptions } from '../history/swarm.js'
import { seededRandom } from '../base/test-random.js'

/** Returns a maker of B+trees whose page size and cache size are chosen by the seed. @category Subjects */
export function treeStores(seed: number): StoreMaker {
  const { pageBytes, cachePages } = swarmOptions(seededRandom(seed), {
    pageBytes: [512, 1024, 4096, 8192, 32_768],
    cachePages: [32, 100, 1000],
  })
  return treeStoresOf(pageBytes, cachePages)
}

/** Returns a maker of B+trees with the given page size and cache size. @category Subjects */
export function treeStoresOf(pageBytes: number, cachePages: number): StoreMaker {
  return {
    name: `B+tree, ${pageBytes}-byte pages, cache of ${cachePages}`,
    make: (layer = (below: Vfs) => below) => {
      const vfs = layer(new MemoryVfs())
      return {
        open: () => BTree.open(vfs, 'tree.ldb', { pageBytes, cacheBytes: pageBytes * cachePages }),
      }
    },
  }
}
