import { isLdbError } from '@ldb/base'
import type { OrderedStore, StoreLog, StoreObserver, VerifySink } from '@ldb/base'
import { LsmTree } from '@ldb/lsm'
import type { RandomSource, Vfs } from '@ldb/vfs'
import { seededRandom } from '../base/test-random.js'
import { swarmOptions } from '../history/swarm.js'
import { playedThread } from './played-thread.js'
import { LSM_COMPRESSIONS, LSM_POLICIES } from './compressions.js'
import type { LsmCompression } from './compressions.js'

/** What core gives an engine for each store. */
interface StoreContext {
  readonly vfs: Vfs
  readonly directory: string
  readonly log: StoreLog
  readonly observer: StoreObserver
}

/** An engine in the place of the B+tree, as core's engine contract asks for one. */
export interface SmallLsmEngine {
  readonly name: 'btree'
  readonly number: 1
  readonly checkpointFileName: string
  newSection(random: RandomSource): Uint8Array
  open(context: StoreContext, section: Uint8Array, state: 'recorded' | 'unrecorded' | 'none'): OrderedStore
  fileName(number: number): string
  ownsFile(name: string): boolean
}

/**
 * Returns the engine of LSM trees with memtables and tables so small that a few dozen commits flush and compact.
 *
 * @param compression - chosen by the seed when omitted.
 */
export function smallLsmEngine(seed: number, compression?: LsmCompression): SmallLsmEngine {
  const sizes = swarmOptions(seededRandom(seed), {
    memtableBytes: [1024, 4096, 32_768],
    blockBytes: [256, 333, 1024],
    tableBytes: [1024, 8192],
    levelBaseBytes: [2048, 16_384],
    compaction: LSM_POLICIES,
    compression: compression === undefined ? LSM_COMPRESSIONS : [compression],
  })
  return {
    name: 'btree',
    number: 1,
    checkpointFileName: 'MANIFEST',
    newSection: (random) => random.fill(new Uint8Array(16)),
    open: ({ vfs, directory, log, observer }, storeId, state) => {
      const thread = playedThread(vfs, seed)
      const store = LsmTree.open(vfs, directory, {
        ...sizes,
        storeId,
        ...(thread !== undefined && { thread }),
        log,
        observer,
        create: false,
        creation: state === 'none' ? 'write' : 'open',
        rewriteManifest: state === 'recorded' ? 'none' : 'write',
      })
      countExactly(store)
      return store
    },
    fileName: (number) => (number === 0 ? 'MANIFEST' : `${String(number).padStart(10, '0')}.sst`),
    ownsFile: (name) => name.startsWith('MANIFEST') || name.endsWith('.sst'),
  }
}

/** The model compares entry counts, which an LSM tree only estimates: replaces its estimates by counts. */
function countExactly(store: OrderedStore): void {
  const { stats, snapshot, verifySteps } = store
  const countAll = (): number => {
    const view = snapshot.call(store)
    try {
      return view.count()
    } finally {
      view.release()
    }
  }
  store.stats = () => {
    const estimated = stats.call(store)
    try {
      return { ...estimated, entryCount: countAll(), isEntryCountExact: true }
    } catch (error) {
      // The keyspace was dropped during a compaction, which compares statistics; its files are gone.
      if (!isLdbError(error)) throw error
      return estimated
    }
  }
  store.snapshot = () => {
    const view = snapshot.call(store)
    const estimate = view.estimate.bind(view)
    view.estimate = (bounds) => ({ ...estimate(bounds), count: view.count(bounds) })
    return view
  }
  store.verifySteps = function* (sink, options) {
    const counting: VerifySink = {
      finding: (finding) => {
        sink.finding(finding)
      },
      progress: (progress) => {
        sink.progress({ ...progress, entries: 0 })
      },
    }
    const entries = countAll()
    yield* verifySteps.call(store, counting, options)
    sink.progress({ units: 0, entries, bytes: 0 })
  }
}
