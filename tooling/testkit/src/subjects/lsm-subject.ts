import { LsmTree } from '@ldb/lsm'
import type { LsmTreeOptions } from '@ldb/lsm'
import type { Vfs } from '@ldb/vfs'
import type { TestRandom } from '../base/test-random.js'
import type { History } from '../history/history.js'
import type { EntryShape } from '../history/model-changes.js'
import { swarmOptions, swarmWeights } from '../history/swarm.js'
import type { Subject, SubjectRun, SubjectSession } from '../suite/subject.js'
import { COMMON_RULES } from '../trace/order-rules.js'
import type { OrderRule } from '../trace/order-rules.js'
import { hasPlayedThread, playedThread } from './played-thread.js'
import { LSM_COMPRESSIONS, LSM_POLICIES } from './compressions.js'
import { STORE_STEPS, StoreSession } from './store-session.js'
import type { StoreRun } from './store-session.js'

const DIRECTORY = 'store'
const KIB = 1024

/**
 * The LSM tree alone, with memtables and tables so small that a few dozen commits flush and compact.
 *
 * @category Subjects
 */
export const lsmSubject: Subject = {
  name: 'lsm',
  newRun: (random) => new LsmRun(random),
}

class LsmRun implements SubjectRun, StoreRun {
  readonly settings: string
  readonly rules: readonly OrderRule[] = COMMON_RULES
  readonly isLog = (): boolean => false
  readonly options: LsmTreeOptions
  readonly shape: EntryShape
  readonly weights: StoreRun['weights']
  readonly #seed: number

  constructor(random: TestRandom) {
    this.options = swarmOptions(random, {
      memtableBytes: [2 * KIB, 8 * KIB, 64 * KIB],
      blockBytes: [256, 1024],
      tableBytes: [KIB, 8 * KIB],
      levelBaseBytes: [2 * KIB, 16 * KIB],
      cacheBytes: [0, 64 * KIB],
      compaction: LSM_POLICIES,
      compression: LSM_COMPRESSIONS,
    })
    this.shape = swarmOptions(random, {
      keyCount: [20, 300],
      prefix: ['', 'https://example.com/', 'x'.repeat(120)],
      valueBytesMax: [100, 3000],
      batchMax: [3, 40],
    })
    this.#seed = random.seed
    const weights = { ...swarmWeights(random, STORE_STEPS), apply: STORE_STEPS.apply }
    // Compactions that a caller asks for run in the calling thread, and leave none to the other one.
    this.weights = hasPlayedThread(random.seed) ? { ...weights, shrink: 0 } : weights
    this.settings = JSON.stringify({ ...this.options, ...this.shape, steps: this.weights })
  }

  open(vfs: Vfs, history: History): SubjectSession {
    const store = this.openStore(vfs, history)
    history.isCreated = true
    return new StoreSession(this, vfs, store)
  }

  openStore(vfs: Vfs, history: History): LsmTree {
    const thread = playedThread(vfs, this.#seed)
    return LsmTree.open(vfs, DIRECTORY, {
      ...this.options,
      ...(thread !== undefined && { thread }),
      create: !history.isCreated,
    })
  }
}
