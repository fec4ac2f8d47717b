import { BTree } from '@ldb/btree'
import { MemoryVfs } from '@ldb/vfs'
import type { StoreMaker } from '../store/suite.js'
import { swarmOptions } from '../history/swarm.js'
import { seededRandom } from '../test-random.js'

/** Makes B+trees in one configuration: a page size and a cache, chosen by the seed. @category Subjects */
export function treeStores(seed: number): StoreMaker {
  const { pageBytes, cachePages } = swarmOptions(seededRandom(seed), {
    pageBytes: [512, 1024, 4096, 8192, 32_768],
    cachePages: [32, 100, 1000],
  })
  return treeStoresOf(pageBytes, cachePages)
}

/** Makes B+trees in a given configuration. @category Subjects */
export function treeStoresOf(pageBytes: number, cachePages: number): StoreMaker {
  return {
    name: `B+tree, pages of ${pageBytes}, ${cachePages} in the cache`,
    make: () => {
      const vfs = new MemoryVfs()
      return {
        open: () => BTree.open(vfs, 'tree.ldb', { pageBytes, cacheBytes: pageBytes * cachePages }),
      }
    },
  }
}
