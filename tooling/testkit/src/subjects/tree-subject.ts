import { equalBytes } from '@ldb/base'
import { BTree } from '@ldb/btree'
import type { BTreeOptions } from '@ldb/btree'
import type { Vfs } from '@ldb/vfs'
import type { History } from '../history/history.js'
import type { VfsWrite } from '../vfs/layer-vfs.js'
import type { EntryShape } from '../history/model-changes.js'
import { COMMON_RULES, rootsAfterData } from '../trace/order-rules.js'
import type { OrderRule } from '../trace/order-rules.js'
import type { Subject, SubjectRun, SubjectSession } from '../suite/subject.js'
import { swarmOptions, swarmWeights } from '../history/swarm.js'
import type { TestRandom } from '../base/test-random.js'
import { STORE_STEPS, StoreSession } from './store-session.js'
import type { StoreRun } from './store-session.js'

const FILE = 'tree.ldb'
/**
 * Options of a tree that is larger than its cache: pages are evicted, written and read again between checkpoints.
 */
const SMALL_CACHE_OPTIONS: BTreeOptions = { pageBytes: 512, cacheBytes: 16_384 }
const SMALL_CACHE_SHAPE: EntryShape = {
  keyCount: 400,
  prefix: '',
  valueBytesMax: 100,
  usualBytesMax: 100,
  growth: 0.99,
  batchMax: 80,
}
/** File offset of the end of the meta blocks. */
export const META_END = 12_288
const META_STRIDE = 4096
const CHECKPOINT_OFFSET = 80

export const isTree = (path: string): boolean => path.endsWith('tree.ldb')

/**
 * Reports whether the file already contains a meta block with the checkpoint number of this write. The write then
 * persists the recovered meta block again and names no new root.
 */
export function isMetaRewrite({ file, span }: VfsWrite): boolean {
  const number = span.bytes.subarray(span.start + CHECKPOINT_OFFSET, span.start + CHECKPOINT_OFFSET + 8)
  for (let block = 0; block < META_END; block += META_STRIDE) {
    const found = new Uint8Array(8)
    file.read(found, 0, 8, block + CHECKPOINT_OFFSET)
    if (equalBytes(found, number)) return true
  }
  return false
}

/**
 * The B+tree alone. A commit is an applied batch section; it is durable when the next checkpoint returns.
 *
 * @category Subjects
 */
export const treeSubject: Subject = {
  name: 'btree',
  newRun: (random) => new TreeRun(random),
}

class TreeRun implements SubjectRun, StoreRun {
  readonly settings: string
  readonly rules: readonly OrderRule[] = [...COMMON_RULES, rootsAfterData(isTree, META_END, () => false)]
  // Free pages at the end of the file are truncated after the checkpoint without a sync.
  readonly isLog = (): boolean => false
  readonly injectionShare: number
  readonly options: BTreeOptions
  readonly shape: EntryShape
  readonly weights: StoreRun['weights']

  constructor(random: TestRandom) {
    const { pageBytes, cachePages } = swarmOptions(random, {
      pageBytes: [512, 1024, 4096],
      cachePages: [32, 64, 500],
    })
    const shape = swarmOptions(random, {
      keyCount: [20, 300],
      prefix: ['', 'https://example.com/', 'x'.repeat(120)],
      valueBytesMax: [100, 3000],
      batchMax: [3, 40],
    })
    this.weights = { ...swarmWeights(random, STORE_STEPS), apply: STORE_STEPS.apply }
    const isPressed = random.chance(0.25)
    this.injectionShare = isPressed ? 0.1 : 1
    this.options = isPressed ? SMALL_CACHE_OPTIONS : { pageBytes, cacheBytes: pageBytes * cachePages }
    this.shape = isPressed ? SMALL_CACHE_SHAPE : shape
    this.settings = JSON.stringify({ ...this.options, ...this.shape, steps: this.weights })
  }

  open(vfs: Vfs, history: History): SubjectSession {
    const tree = this.openStore(vfs, history)
    history.isCreated = true
    return new StoreSession(this, vfs, tree)
  }

  openStore(vfs: Vfs, history: History): BTree {
    return BTree.open(vfs, FILE, { ...this.options, create: !history.isCreated })
  }
}
