import { encodeUtf8, equalBytes, isLdbError, toSeq, WriteBatch } from '@ldb/base'
import type { StoreSnapshot } from '@ldb/base'
import { BTree } from '@ldb/btree'
import type { BTreeOptions } from '@ldb/btree'
import type { Vfs } from '@ldb/vfs'
import { textOf } from '../base/byte-text.js'
import type { History, ModelChange, ModelState } from '../history/history.js'
import type { VfsWrite } from '../vfs/layer-vfs.js'
import { randomChanges } from '../history/model-changes.js'
import type { EntryShape } from '../history/model-changes.js'
import { COMMON_RULES, rootsAfterData } from '../trace/order-rules.js'
import type { OrderRule } from '../trace/order-rules.js'
import { attemptCommit } from '../suite/subject.js'
import type { Subject, SubjectRun, SubjectSession } from '../suite/subject.js'
import { swarmOptions, swarmWeights } from '../history/swarm.js'
import type { TestRandom } from '../base/test-random.js'
import { assertGuarantee } from '../base/violation.js'

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
const SPACE = 'tree'
const STEPS = { apply: 8, checkpoint: 4, shrink: 1, pin: 2, release: 1, reopen: 1 }

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

class TreeRun implements SubjectRun {
  readonly settings: string
  readonly rules: readonly OrderRule[] = [...COMMON_RULES, rootsAfterData(isTree, META_END, () => false)]
  // Free pages at the end of the file are truncated after the checkpoint without a sync.
  readonly isLog = (): boolean => false
  readonly injectionShare: number
  readonly options: BTreeOptions
  readonly shape: EntryShape
  readonly weights: Record<keyof typeof STEPS, number>

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
    this.weights = { ...swarmWeights(random, STEPS), apply: STEPS.apply }
    const isPressed = random.chance(0.25)
    this.injectionShare = isPressed ? 0.1 : 1
    this.options = isPressed ? SMALL_CACHE_OPTIONS : { pageBytes, cacheBytes: pageBytes * cachePages }
    this.shape = isPressed ? SMALL_CACHE_SHAPE : shape
    this.settings = JSON.stringify({ ...this.options, ...this.shape, steps: this.weights })
  }

  open(vfs: Vfs, history: History): SubjectSession {
    const tree = this.openTree(vfs, history)
    history.isCreated = true
    return new TreeSession(this, vfs, tree)
  }

  openTree(vfs: Vfs, history: History): BTree {
    return BTree.open(vfs, FILE, { ...this.options, create: !history.isCreated })
  }
}

class TreeSession implements SubjectSession {
  readonly #run: TreeRun
  readonly #vfs: Vfs
  #tree: BTree
  isOpen = true
  #pins: { readonly snapshot: StoreSnapshot; readonly state: ModelState }[] = []

  constructor(run: TreeRun, vfs: Vfs, tree: BTree) {
    this.#run = run
    this.#vfs = vfs
    this.#tree = tree
  }

  async step(random: TestRandom, history: History): Promise<void> {
    switch (random.weighted(this.#run.weights)) {
      case 'apply':
        this.#apply(random, history)
        return
      case 'checkpoint':
        this.#tree.checkpoint()
        history.acknowledgeDurable(history.submitted)
        return
      case 'shrink':
        this.#tree.compact()
        history.acknowledgeDurable(history.submitted)
        return
      case 'pin':
        if (this.#pins.length < 3) {
          this.#pins.push({ snapshot: this.#tree.snapshot(), state: history.stateAt(history.submitted) })
        }
        return
      case 'release':
        this.#checkAndRelease(history, this.#pins.splice(random.below(this.#pins.length + 1), 1))
        return
      case 'reopen':
        this.#releaseUnchanged(this.#pins.splice(0))
        this.close()
        this.#tree = this.#run.openTree(this.#vfs, history)
        history.resumeFrom(this.observe(history, history.oldestAllowed))
        this.isOpen = true
        return
    }
  }

  observe(history: History, least: number): number {
    const commit = Number(this.#tree.seq)
    assertGuarantee(
      commit >= least,
      () => `checkpoints are lost: found commit ${commit}, ${least} was durable`,
    )
    assertGuarantee(commit <= history.submitted, () => `found commit ${commit}, which was never submitted`)
    const snapshot = this.#tree.snapshot()
    try {
      assertState(snapshot, history, commit)
    } finally {
      snapshot.release()
    }
    return commit
  }

  verify(): string[] {
    const findings: string[] = []
    this.#tree.verify({
      finding: (finding) =>
        findings.push(`${finding.kind} ${finding.file} ${finding.offset}: ${finding.message}`),
      progress: () => undefined,
    })
    return findings
  }

  close(): void {
    this.isOpen = false
    this.#tree.close()
  }

  #apply(random: TestRandom, history: History): void {
    const changes = randomChanges(random, this.#run.shape, [SPACE])
    const batch = new WriteBatch()
    for (const change of changes) addChange(batch, change)
    const [section] = batch.sections()
    if (section === undefined) return
    attemptCommit(history, changes, () => {
      this.#tree.apply(section, toSeq(history.submitted))
    })
  }

  /**
   * Checks pinned snapshots and releases them. A read may evict a page and fail to write it; the tree then accepts
   * no further writes.
   */
  #checkAndRelease(
    history: History,
    pins: { readonly snapshot: StoreSnapshot; readonly state: ModelState }[],
  ): void {
    try {
      this.#releaseUnchanged(pins)
    } catch (error) {
      if (isLdbError(error) && error.details.operation === 'write') history.inDoubt = true
      throw error
    }
  }

  #releaseUnchanged(pins: { readonly snapshot: StoreSnapshot; readonly state: ModelState }[]): void {
    for (const { snapshot, state } of pins) {
      const found = contentOf(snapshot)
      assertGuarantee(
        found.size === state.size,
        () => `a snapshot has ${found.size} entries instead of ${state.size}`,
      )
      for (const [name, value] of state)
        assertGuarantee(found.get(name) === value, () => `${name} of a snapshot has changed`)
      snapshot.release()
    }
  }
}

/** Adds an operation of the model to a batch. */
function addChange(batch: WriteBatch, change: ModelChange): void {
  if (change.kind === 'put') batch.put(1, encodeUtf8(change.key), encodeUtf8(change.value))
  else if (change.kind === 'delete') batch.delete(1, encodeUtf8(change.key))
  else
    batch.deleteRange(
      1,
      encodeUtf8(change.lower),
      change.upper === undefined ? undefined : encodeUtf8(change.upper),
    )
}

function contentOf(snapshot: StoreSnapshot): Map<string, string> {
  const content = new Map<string, string>()
  const cursor = snapshot.cursor()
  try {
    while (cursor.next()) content.set(`${SPACE}/${textOf(cursor.key)}`, textOf(cursor.value))
  } finally {
    cursor.close()
  }
  return content
}

/** Checks that a snapshot has the content after the given commit. */
function assertState(snapshot: StoreSnapshot, history: History, commit: number): void {
  const found = contentOf(snapshot)
  const expected = history.stateAt(commit)
  assertGuarantee(
    found.size === expected.size,
    () => `${found.size} entries after commit ${commit}, not ${expected.size}`,
  )
  for (const [name, value] of expected) {
    assertGuarantee(found.get(name) === value, () => `${name} has another value than after commit ${commit}`)
  }
}
