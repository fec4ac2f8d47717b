import { LsmTree } from '@ldb/lsm'
import type { CompactionThread, LsmTreeOptions } from '@ldb/lsm'
import { MemoryVfs } from '@ldb/vfs'
import type { Vfs } from '@ldb/vfs'
import { seededRandom } from '../base/test-random.js'
import { swarmOptions } from '../history/swarm.js'
import type { StoreMaker } from '../store/store-maker.js'
import { playedThread } from './played-thread.js'
import { LSM_COMPRESSIONS, LSM_POLICIES } from './compressions.js'

/** Returns a maker of LSM trees whose sizes are chosen by the seed. @category Subjects */
export function lsmStores(seed: number): StoreMaker {
  return lsmStoresOf(
    swarmOptions(seededRandom(seed), {
      memtableBytes: [2048, 16_384, 65_536],
      blockBytes: [256, 1024, 4096],
      tableBytes: [1024, 8192, 65_536],
      levelBaseBytes: [2048, 32_768],
      // A read that is interrupted by a miss is repeated, and must find what it has read already.
      cacheBytes: [262_144, 2_097_152],
      compaction: LSM_POLICIES,
      compression: LSM_COMPRESSIONS,
    }),
    (vfs) => playedThread(vfs, seed),
  )
}

/**
 * Returns a maker of LSM trees whose memtables, blocks and tables are so small that a few hundred operations fill levels.
 *
 * @param threadOf - returns the thread for compactions of a store in a file system. Default: none.
 * @category Subjects
 */
export function lsmStoresOf(
  options: LsmTreeOptions,
  threadOf: (vfs: Vfs) => CompactionThread | undefined = () => undefined,
): StoreMaker {
  const { memtableBytes, blockBytes, tableBytes } = options
  return {
    name: `LSM tree, memtables of ${memtableBytes} bytes, blocks of ${blockBytes}, tables of ${tableBytes}`,
    make: (layer = (below: Vfs) => below) => {
      const vfs = layer(new MemoryVfs())
      return {
        open: () => {
          const thread = threadOf(vfs)
          return LsmTree.open(vfs, 'store', { ...options, ...(thread !== undefined && { thread }) })
        },
      }
    },
  }
}
