import {
  assert,
  assertIterable,
  BatchReader,
  invalidArgument,
  LdbError,
  ownProperty,
  ResumableTask,
  runVerifySteps,
  toSeq,
} from '@ldb/base'
import type {
  BatchSection,
  CompactionRequest,
  HeldCheckpoint,
  KeyBounds,
  OrderedStore,
  Seq,
  StoreLog,
  StoreSnapshot,
  StoreStats,
  StoreVerifyOptions,
  Syncable,
  VerifySink,
  VerifySteps,
} from '@ldb/base'
import type { FilePath, Vfs } from '@ldb/vfs'
import { HeldTree } from './checkpoint/held-tree.js'
import { isWorthCompacting } from './checkpoint/compaction-policy.js'
import { TreeCheckpoints } from './checkpoint/tree-checkpoints.js'
import { openTreeFile } from './file/open.js'
import type { OpenedTreeFile } from './file/open.js'
import { ownBTreeOptions } from './file/options.js'
import type { BTreeOptions, TreeIdentity } from './file/options.js'
import { LITTLE_ENDIAN } from './page/memory.js'
import { Pages } from './pager/pages.js'
import { encodedValuesOf } from './extents/encoded-values.js'
import { ValueSlab } from './extents/value-slab.js'
import { copyNewest, findLeaf, findNewest, viewFound } from './read/lookup.js'
import { MultiGet } from './read/multi-get.js'
import { OpenSnapshots } from './read/open-snapshots.js'
import { TreeSnapshot } from './read/snapshot.js'
import { TreeWindow } from './read/tree-window.js'
import { pageBytesOf, treeStats } from './tree-stats.js'
import { TreeStatus } from './tree-status.js'
import { TreeVerifier } from './verify/tree-verifier.js'
import { ownVerifyOptions } from './verify/verify-options.js'
import { applyOperations } from './write/apply-operations.js'
import { bulkLoad } from './write/bulk-load.js'
import { PutGroup } from './write/put-group.js'
import { SortedApply } from './write/sorted-apply.js'
import { TreeEncoding } from './write/tree-encoding.js'
import { TreeState } from './write/tree-state.js'

/** Sections with fewer operations are applied one by one, even if they are sorted. */
const SORTED_MIN = 8
/** References to the buffer of a larger batch are dropped after the batch is applied; those of smaller ones are reused. */
const SECTION_BYTES_KEPT = 1 << 20

/**
 * An ordered map in one file: a copy-on-write B+tree.
 *
 * @remarks Applied changes are in memory until {@link BTree.checkpoint}; a crash leaves the last checkpoint. A snapshot costs
 * nothing to take; each page that changes while it is open is copied once.
 *
 * After a failed checkpoint or page write, reads work and writes are LDB_POISONED. After an `apply` or `load` that failed halfway,
 * reads of the present state are LDB_POISONED, too.
 * @category B+tree
 */
export class BTree implements OrderedStore {
  readonly #pages: Pages
  readonly #tree: TreeState
  readonly #status: TreeStatus
  readonly #slab: ValueSlab = new ValueSlab()
  readonly #multiGet: MultiGet
  readonly #reader: BatchReader = new BatchReader()
  readonly #puts: PutGroup = new PutGroup()
  readonly #sorted: SortedApply = new SortedApply(this.#puts)
  /** Encodes values with dictionaries; `undefined` without them. */
  readonly #encoding: TreeEncoding | undefined
  readonly #checkpoints: TreeCheckpoints
  readonly #snapshots: OpenSnapshots = new OpenSnapshots()
  #seq: Seq

  private constructor(opened: OpenedTreeFile, options: BTreeOptions) {
    const { file, cache, meta, codec, metaRewrite, freeSpace, newEntries } = opened
    this.#status = new TreeStatus(file.path)
    this.#seq = toSeq(meta.durableSeq)
    this.#pages = new Pages(cache, {
      file,
      codec,
      metaRewrite,
      freeSpace,
      durableEpoch: meta.epoch,
      extentCount: meta.extentCount,
      encodedValues: encodedValuesOf(opened, options),
      dictionaries: meta.dictionaries,
      newEntries,
    })
    this.#multiGet = new MultiGet(this.#pages, this.#slab)
    const { rootPage: page, rootLevel: level } = meta
    const { rootChecksumLow: checksumLow, rootChecksumHigh: checksumHigh } = meta
    this.#tree = new TreeState(this.#pages, { page, level, checksumLow, checksumHigh }, meta.entryCount)
    const { dictionary = false } = options
    this.#encoding = dictionary ? new TreeEncoding(this.#tree) : undefined
    this.#checkpoints = new TreeCheckpoints(this.#tree, this.#status, opened, this.#snapshots, this.#encoding)
  }

  /**
   * Opens the tree in the file at `path`, creating it when it is absent.
   *
   * @remarks Reads three sectors and the free-space pages. Unless `rewriteMeta` is `'write'` or `'none'`, persists the recovered meta block again: two
   * sectors written, three syncs. When a free-space page is damaged, reads every branch, and every leaf too if there are
   * overflow extents, to rebuild the free space; the next checkpoint writes it. A relative path is resolved once, here. When the file or
   * its directory was moved or replaced, an asynchronous sync, which opens the file by name, is `LDB_POISONED`.
   * @param path - path, or `file:` URL. Missing parents are created with the file.
   * @throws {@link LdbError} LDB_FORMAT when the file is no B+tree or one of another version; LDB_UNSUPPORTED when it has a flag
   * that this build does not support; LDB_CORRUPTION when it is damaged or not the one of `identity`; LDB_NOT_FOUND when it is absent
   * and `create` is false; LDB_INVALID_ARGUMENT; LDB_IO.
   */
  static open(vfs: Vfs, path: FilePath, options?: BTreeOptions): BTree {
    if (!LITTLE_ENDIAN) throw new LdbError('LDB_UNSUPPORTED', 'pages are little-endian, this machine is not')
    const own = ownBTreeOptions(options)
    const opened = openTreeFile(vfs, path, own)
    let tree: BTree
    try {
      tree = new BTree(opened, own)
    } catch (error) {
      opened.file.close()
      throw error
    }
    const { rewriteMeta = 'open', observer } = own
    for (const fault of opened.healed) observer?.healed(fault)
    if (rewriteMeta === 'open') tree.#rewriteMetaOrClose()
    return tree
  }

  get seq(): Seq {
    return this.#seq
  }

  get durableSeq(): Seq {
    return toSeq(this.#checkpoints.meta.durableSeq)
  }

  get durableSegmentId(): Uint8Array {
    return this.#checkpoints.meta.logSegmentId
  }

  /** Identity of the file, for the option of that name. */
  get identity(): TreeIdentity {
    const { fileId, pageBytes } = this.#checkpoints.meta
    return { fileId: fileId.slice(), pageBytes }
  }

  /** Number of entries in the present state. */
  get entryCount(): number {
    return this.#tree.entryCount
  }

  get(key: Uint8Array, keyBytes: number = key.length): Uint8Array | undefined {
    this.#status.assertReadable()
    return copyNewest(this.#pages, this.#tree.root, this.#slab, key, 0, keyBytes)
  }

  getBorrowed(key: Uint8Array, keyBytes: number = key.length): Uint8Array | undefined {
    this.#status.assertReadable()
    const record = findNewest(this.#pages.reader, this.#tree.root, key, 0, keyBytes)
    return record < 0 ? undefined : viewFound(this.#pages, this.#slab, record, keyBytes)
  }

  getMany(keys: Uint8Array, ends: readonly number[]): (Uint8Array | undefined)[] {
    this.#status.assertReadable()
    return this.#multiGet.read(this.#tree.root, keys, ends)
  }

  has(key: Uint8Array, keyBytes: number = key.length): boolean {
    this.#status.assertReadable()
    return findNewest(this.#pages.reader, this.#tree.root, key, 0, keyBytes) >= 0
  }

  /** Returns what a host needs to read the present tree by itself; `undefined` with a cache of several arenas. */
  window(): TreeWindow | undefined {
    return TreeWindow.open(this.#pages.space, this.#tree.root)
  }

  prefetch(key: Uint8Array, keyBytes: number = key.length): void {
    this.#status.assertReadable()
    findLeaf(this.#pages.reader, this.#tree.root, key, 0, keyBytes)
  }

  apply(section: BatchSection, seq: Seq): void {
    this.#checkpoints.assertWritable()
    const isInOrder = this.#checkpoints.isReplaying ? seq >= this.#seq : seq > this.#seq
    assert(isInOrder, 'sections are applied in commit order')
    const reader = this.#encoding?.reader ?? this.#reader
    reader.reset(section)
    this.#checkpoints.noteChange()
    this.#status.guardChange(() => {
      this.#encoding?.begin()
      const { operationCount } = section
      if (section.isSorted === true && operationCount >= SORTED_MIN) {
        this.#sorted.apply(this.#tree, reader, operationCount)
      } else applyOperations(this.#tree, this.#puts, reader)
      this.#encoding?.end()
    })
    if (section.bytes.length > SECTION_BYTES_KEPT) {
      reader.release()
      this.#tree.releaseView()
    }
    this.#seq = seq
  }

  snapshot(): StoreSnapshot {
    return this.#takeSnapshot()
  }

  #takeSnapshot(): TreeSnapshot {
    this.#status.assertReadable()
    const { root, entryCount } = this.#tree
    return new TreeSnapshot(this.#pages, this.#slab, root, entryCount, this.#seq, this.#snapshots)
  }

  beginReplay(): void {
    this.#checkpoints.assertWritable()
    this.#checkpoints.beginReplay()
  }

  endReplay(seq: Seq): void {
    assert(seq >= this.#seq, 'a replay ends at its newest commit')
    this.#checkpoints.endReplay()
    this.#seq = seq
  }

  checkpoint(): void {
    this.beginCheckpoint().sync()
  }

  beginCheckpoint(log?: StoreLog, timeSlice?: Syncable): ResumableTask {
    return this.#checkpoints.begin(this.#seq, log, timeSlice)
  }

  compact(bounds?: KeyBounds): void {
    this.beginCompaction({ effort: 'full', bounds })?.sync()
  }

  beginCompaction(request: CompactionRequest): ResumableTask | undefined {
    this.#checkpoints.assertWritable()
    const renewal = ownProperty(request, 'renewal', 'the request')
    if (renewal !== undefined)
      return new ResumableTask(this.#checkpoints.renewals.steps(renewal, request, () => this.#seq))
    if (!isWorthCompacting(pageBytesOf(this.#pages), request.effort, this.#pages.cacheBytes)) return undefined
    return new ResumableTask(this.#checkpoints.compactionSteps(request, () => this.#seq))
  }

  /** Loads are applied as batches. */
  beginLoad(): undefined {}

  isIdleWorkDue(): boolean {
    return false
  }

  logBytesPreferred(): number {
    this.#status.assertReadable()
    return pageBytesOf(this.#pages).liveBytes
  }

  async persistRecovered(): Promise<void> {
    this.#checkpoints.assertWritable()
    try {
      await this.#pages.metaRewrite.syncAsync()
    } catch (error) {
      this.#status.fail(error)
      throw error
    }
  }

  /**
   * Fills the tree, which must be empty, from entries in ascending order; all or nothing. Faster than `apply`, and leaves
   * full pages.
   *
   * @param seq - as for `apply`.
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT when the tree is not empty, an element is no entry, the keys are not in ascending
   * order, or the source uses the tree meanwhile; LDB_TOO_LARGE for a key or a value over its limit.
   */
  load(entries: Iterable<readonly [key: Uint8Array, value: Uint8Array]>, seq: Seq): void {
    this.#checkpoints.assertWritable()
    assert(seq > this.#seq, 'a load is a commit after all others')
    assertIterable('entries', entries)
    if (this.#tree.entryCount > 0) throw invalidArgument('a bulk load requires an empty tree')
    this.#checkpoints.noteChange()
    const refusal = this.#status.guardLoad(() => bulkLoad(this.#tree, entries, this.#encoding))
    if (refusal !== undefined) throw refusal.fault
    this.#seq = seq
  }

  holdCheckpoint(): HeldCheckpoint {
    this.#status.assertReadable()
    // Between its meta block and its end, the pages of the checkpoint before are released.
    this.#checkpoints.complete()
    return new HeldTree(this.#pages, this.#checkpoints.meta)
  }

  verify(sink: VerifySink): void {
    runVerifySteps(this.verifySteps(sink))
  }

  *verifySteps(sink: VerifySink, options?: StoreVerifyOptions): VerifySteps {
    this.#status.assertReadable()
    const { pinMs, now, rebuild } = ownVerifyOptions(options)
    // The pages of a frozen tree are partly in memory and partly in the file: its checkpoint is completed first.
    if (this.#status.isOpen) this.#checkpoints.complete()
    const { meta, freeSpacePages } = this.#checkpoints
    const snapshot = (): TreeSnapshot => this.#takeSnapshot()
    const assertReadable = (): void => this.#status.assertReadable()
    const source = { state: this.#tree, meta, freeSpacePages, snapshot, assertReadable }
    const found = yield* new TreeVerifier(source, sink).steps(pinMs, now)
    if (rebuild && this.#status.isOpen) this.#checkpoints.rebuild(found)
  }

  stats(): StoreStats {
    this.#status.assertReadable()
    return treeStats(this.#pages, this.#tree, this.#snapshots.count)
  }

  close(): void {
    if (this.#status.isClosed) return
    this.#status.close()
    this.#snapshots.releaseAll()
    this.#checkpoints.abandon(this.#status.refusal())
    this.#pages.space.detach()
    this.#pages.values.detach()
    this.#pages.metaRewrite.fileSync.close()
    this.#pages.file.close()
  }

  #rewriteMetaOrClose(): void {
    try {
      this.#pages.metaRewrite.sync()
    } catch (error) {
      this.close()
      throw error
    }
  }
}
