import {
  assert,
  assertIterable,
  BatchReader,
  invalidArgument,
  LdbError,
  ResumableTask,
  toSeq,
} from '@ldb/base'
import type {
  BatchSection,
  CheckpointOptions,
  DeviceSteps,
  OrderedStore,
  Seq,
  StoreSnapshot,
  StoreStats,
  Syncable,
  VerifySink,
} from '@ldb/base'
import type { Vfs, VfsFile } from '@ldb/vfs'
import { applyOperations } from './write/apply-operations.js'
import { bulkLoad } from './write/bulk-load.js'
import { resolveBTreeOptions } from './file/options.js'
import type { BTreeOptions, TreeIdentity } from './file/options.js'
import { freezeTree, writeFrozen } from './checkpoint/checkpoint.js'
import type { FrozenTree } from './checkpoint/checkpoint.js'
import { MetaRewrite } from './file/meta-rewrite.js'
import { createTreeFile } from './file/create.js'
import { firstPageNumber } from './format.js'
import { readFreeSpace } from './file/free-space-pages.js'
import { copyNewest, findLeaf, findNewest, viewValue } from './read/lookup.js'
import { checkIdentity } from './file/identity-check.js'
import { findWholeMeta, seedOf } from './file/meta.js'
import type { Meta } from './file/meta.js'
import { LITTLE_ENDIAN } from './page/memory.js'
import { MultiGet } from './read/multi-get.js'
import { Pages } from './pager/pages.js'
import { PutGroup } from './write/put-group.js'
import { moveDown } from './checkpoint/shrink.js'
import { TreeSnapshot } from './read/snapshot.js'
import { SortedApply } from './write/sorted-apply.js'
import { ValueSlab } from './extents/value-slab.js'
import { TreeVerifier } from './verify.js'
import { TreeState } from './write/tree-state.js'

/** A larger batch is let go when it was applied: the buffers of small ones are used for the next. */
const SECTION_BYTES_KEPT = 1 << 20

/**
 * An ordered map in one file: a copy-on-write B+tree.
 *
 * @remarks What is applied is in memory until {@link BTree.checkpoint}; a crash leaves the last checkpoint. A snapshot is a
 * root that is kept: it costs nothing to take, and each page that is written while it is open is copied once.
 *
 * States: open; loading (nobody else may look or change anything); failed (a checkpoint or the writing of a page failed:
 * reads go on, writes give LDB_POISONED); broken (an `apply` failed half-way: reads of the present state give LDB_POISONED
 * too); closed.
 * @category B+tree
 */
export class BTree implements OrderedStore {
  readonly #pages: Pages
  readonly #tree: TreeState
  readonly #slab: ValueSlab = new ValueSlab()
  readonly #many: MultiGet
  readonly #reader: BatchReader = new BatchReader()
  readonly #puts: PutGroup = new PutGroup()
  readonly #sorted: SortedApply = new SortedApply()
  readonly #bitmapPages: number[]
  readonly #snapshots = new Set<TreeSnapshot>()
  #meta: Meta
  #seq: Seq
  /** The checkpoint that was begun last. */
  #checkpoint: ResumableTask | undefined = undefined
  /** Something was applied since the last checkpoint was begun. */
  #changed = false
  /** Something was written in the current epoch, so that a snapshot must end it. */
  #epochUsed = false
  #failure: unknown
  #state: 'open' | 'loading' | 'failed' | 'broken' | 'closed' = 'open'

  private constructor(file: VfsFile, meta: Meta, metaRewrite: MetaRewrite, options: BTreeOptions) {
    const { cache } = resolveBTreeOptions(options, meta.pageBytes)
    const seed = seedOf(meta.fileId)
    const { freeSpace, pageNumbers } = readFreeSpace(file, seed, meta, firstPageNumber(meta.pageBytes))
    this.#meta = meta
    this.#bitmapPages = pageNumbers
    this.#seq = toSeq(meta.durableSeq)
    this.#pages = new Pages(cache, {
      file,
      seed,
      metaRewrite,
      freeSpace,
      durableEpoch: meta.epoch,
      extentCount: meta.runCount,
    })
    this.#many = new MultiGet(this.#pages, this.#slab)
    this.#tree = new TreeState(
      this.#pages,
      {
        page: meta.rootPage,
        level: meta.rootLevel,
        checksumLow: meta.rootChecksumLow,
        checksumHigh: meta.rootChecksumHigh,
      },
      meta.entryCount,
    )
  }

  /**
   * Opens the tree in the file at `path`, creating it when it is absent. Reads three sectors and the free-space pages;
   * makes sure, unless `confirm` says later, that what it found is on the device: two sectors written, three syncs.
   *
   * @throws {@link LdbError} LDB_FORMAT when the file is no B+tree or a newer one; LDB_CORRUPTION when it is damaged;
   * or not the one of that `identity`; LDB_NOT_FOUND when it is absent and `create` is false; LDB_INVALID_ARGUMENT; LDB_IO.
   */
  static open(vfs: Vfs, path: string, options: BTreeOptions = {}): BTree {
    if (!LITTLE_ENDIAN)
      throw new LdbError('LDB_UNSUPPORTED', 'this machine is big-endian; the file is read in place')
    const isNew = vfs.status(path) === undefined
    const { confirm = 'open' } = options
    let resolved = options
    if (isNew) {
      const { cache, create } = resolveBTreeOptions(options)
      if (!create)
        throw new LdbError('LDB_NOT_FOUND', `there is no B+tree at ${path}`, { details: { file: path } })
      createTreeFile(vfs, path, cache.pageBytes)
      resolved = { cache }
    }
    const file = vfs.open(path, 'write')
    try {
      const found = findWholeMeta(file)
      if (!isNew && options.identity !== undefined) checkIdentity(file, found.meta, options.identity)
      const metaRewrite = new MetaRewrite(vfs, file, isNew ? undefined : found)
      const tree = new BTree(file, found.meta, metaRewrite, resolved)
      if (confirm === 'open') tree.#confirmOrClose()
      return tree
    } catch (error) {
      file.close()
      throw error
    }
  }

  get seq(): Seq {
    return this.#seq
  }

  get durableSeq(): Seq {
    return toSeq(this.#meta.durableSeq)
  }

  /** What tells its file from every other. */
  get identity(): TreeIdentity {
    const { fileId, pageBytes } = this.#meta
    return { fileId: fileId.slice(), pageBytes }
  }

  /** Entries in the present state. */
  get entryCount(): number {
    return this.#tree.entryCount
  }

  get(key: Uint8Array, keyBytes: number = key.length): Uint8Array | undefined {
    this.#assertReadable()
    return copyNewest(this.#pages, this.#tree.root, this.#slab, key, 0, keyBytes)
  }

  getBorrowed(key: Uint8Array, keyBytes: number = key.length): Uint8Array | undefined {
    this.#assertReadable()
    const record = findNewest(this.#pages.reader, this.#tree.root, key, 0, keyBytes)
    return record < 0 ? undefined : viewValue(this.#pages, record, keyBytes)
  }

  getMany(keys: Uint8Array, ends: readonly number[]): (Uint8Array | undefined)[] {
    this.#assertReadable()
    return this.#many.read(this.#tree.root, keys, ends)
  }

  has(key: Uint8Array, keyBytes: number = key.length): boolean {
    this.#assertReadable()
    return findNewest(this.#pages.reader, this.#tree.root, key, 0, keyBytes) >= 0
  }

  prefetch(key: Uint8Array, keyBytes: number = key.length): void {
    this.#assertReadable()
    findLeaf(this.#pages.reader, this.#tree.root, key, 0, keyBytes)
  }

  apply(section: BatchSection, seq: Seq): void {
    this.#assertWritable()
    assert(seq > this.#seq, 'commits are applied in the order of their seq')
    const reader = this.#reader
    reader.reset(section)
    this.#beginChange()
    this.#guardState(() => {
      if (section.isSorted === true) this.#sorted.apply(this.#tree, reader, section.operationCount)
      else applyOperations(this.#tree, this.#puts, reader)
    })
    if (section.bytes.length > SECTION_BYTES_KEPT) {
      reader.release()
      this.#tree.releaseView()
    }
    this.#seq = seq
  }

  snapshot(): StoreSnapshot {
    this.#assertReadable()
    const pages = this.#pages
    const tree = this.#tree
    // What was written in this epoch must not change any more. An epoch without writes looks like the one before.
    const epoch = this.#epochUsed ? pages.epoch.current : pages.epoch.current - 1
    if (this.#epochUsed) {
      pages.epoch.advance()
      this.#epochUsed = false
    }
    const state = { root: { ...tree.root }, epoch, seq: this.#seq, entryCount: tree.entryCount }
    const snapshot = new TreeSnapshot(pages, this.#slab, state, (released) =>
      this.#snapshots.delete(released),
    )
    this.#snapshots.add(snapshot)
    return snapshot
  }

  checkpoint(options: CheckpointOptions = {}): void {
    this.beginCheckpoint().sync()
    if (options.shrink !== true) return
    // Each round moves what stands behind the limit; branches that had to be copied may leave some for the next one.
    for (let round = 0; round < 3; round += 1) {
      const before = this.#pages.freeSpace.pageCount
      this.#guardWrites(() => moveDown(this.#tree))
      this.#beginChange()
      this.beginCheckpoint().sync()
      if (this.#pages.freeSpace.pageCount >= before) break
    }
  }

  beginCheckpoint(log?: Syncable, turn?: Syncable): ResumableTask {
    this.#assertWritable()
    this.#checkpoint?.sync()
    let frozen: FrozenTree | undefined
    if (this.#changed) {
      this.#guardWrites(() => {
        frozen = freezeTree(this.#tree, this.#meta, this.#seq, this.#bitmapPages)
      })
      this.#changed = false
      this.#epochUsed = false
    }
    this.#checkpoint = new ResumableTask(this.#checkpointSteps(frozen, log, turn))
    return this.#checkpoint
  }

  async confirm(): Promise<void> {
    this.#assertWritable()
    try {
      await this.#pages.metaRewrite.syncAsync()
    } catch (error) {
      this.#failWrites(error)
      throw error
    }
  }

  /**
   * Fills the tree, which must be empty, from entries in ascending order; all or nothing. Faster than `apply`, and leaves
   * full pages.
   *
   * @param seq - as for `apply`.
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT when the tree is not empty, something is no entry, the keys are not in ascending
   * order, or what gives the entries uses the tree meanwhile; LDB_TOO_LARGE for a key or a value over its limit.
   */
  load(entries: Iterable<readonly [key: Uint8Array, value: Uint8Array]>, seq: Seq): void {
    this.#assertWritable()
    assert(seq > this.#seq, 'commits are applied in the order of their seq')
    assertIterable('entries', entries)
    if (this.#tree.entryCount > 0) throw invalidArgument('only an empty tree is loaded')
    this.#beginChange()
    this.#state = 'loading'
    const refusal = this.#guardState(() => bulkLoad(this.#tree, entries))
    this.#state = 'open'
    if (refusal !== undefined) throw refusal.fault
    this.#seq = seq
  }

  verify(sink: VerifySink): void {
    this.#assertReadable()
    // What a checkpoint that is under way has frozen is neither here nor there.
    if (this.#state === 'open') this.#checkpoint?.sync()
    new TreeVerifier(this.#tree, this.#meta, this.#bitmapPages, sink).run()
  }

  stats(): StoreStats {
    this.#assertReadable()
    const { freeSpace, reclaim, memory, space } = this.#pages
    let dirtyPages = 0
    space.forEach((_, frame) => {
      if (space.isDirty(frame)) dirtyPages += 1
    })
    return {
      entryCount: this.#tree.entryCount,
      fileBytes: freeSpace.pageCount * memory.pageBytes,
      liveBytes: (freeSpace.pageCount - freeSpace.freeCount - reclaim.heldCount) * memory.pageBytes,
      dirtyBytes: dirtyPages * memory.pageBytes,
      depth: this.#tree.root.level + 1,
      snapshotCount: this.#snapshots.size,
    }
  }

  close(): void {
    if (this.#state === 'closed') return
    if (this.#state === 'loading') throw this.#refusal()
    for (const snapshot of this.#snapshots) snapshot.release()
    this.#state = 'closed'
    this.#checkpoint?.abandon(this.#refusal())
    this.#pages.space.detach()
    this.#pages.values.detach()
    this.#pages.metaRewrite.fileSync.close()
    this.#pages.file.close()
  }

  #confirmOrClose(): void {
    try {
      this.#pages.metaRewrite.sync()
    } catch (error) {
      this.close()
      throw error
    }
  }

  #beginChange(): void {
    this.#changed = true
    this.#epochUsed = true
  }

  /** What is left when the tree is frozen; where nothing has changed, making sure of what was found. */
  *#checkpointSteps(
    frozen: FrozenTree | undefined,
    log: Syncable | undefined,
    turn: Syncable | undefined,
  ): DeviceSteps {
    try {
      if (frozen === undefined) yield this.#pages.metaRewrite
      else {
        const parts = { state: this.#tree, bitmapPages: this.#bitmapPages, log, turn }
        this.#meta = yield* writeFrozen(frozen, parts)
      }
    } catch (error) {
      this.#failWrites(error)
      throw error
    }
  }

  /** After a failed change the present state is neither the old nor the new one: nobody may read it. */
  #guardState<Result>(part: () => Result): Result {
    try {
      return part()
    } catch (error) {
      this.#state = 'broken'
      this.#failure = error
      throw error
    }
  }

  /** After a failed write or sync nothing is known of what is on the device: no later write may build on it. */
  #guardWrites(part: () => void): void {
    try {
      part()
    } catch (error) {
      this.#failWrites(error)
      throw error
    }
  }

  #failWrites(error: unknown): void {
    if (this.#state !== 'open') return
    this.#state = 'failed'
    this.#failure = error
  }

  #assertReadable(): void {
    if (this.#state === 'open' || this.#state === 'failed') return
    throw this.#refusal()
  }

  #assertWritable(): void {
    const writeFailure = this.#pages.writeBack.failure
    if (this.#state === 'open' && writeFailure !== undefined) {
      this.#state = 'failed'
      this.#failure = writeFailure
    }
    if (this.#state !== 'open') throw this.#refusal()
  }

  #refusal(): LdbError {
    if (this.#state === 'closed') return new LdbError('LDB_CLOSED', 'the B+tree is closed')
    if (this.#state === 'loading') return invalidArgument('what gives the entries of a load uses the tree')
    return new LdbError('LDB_POISONED', 'an earlier write to the B+tree failed; open it again', {
      cause: this.#failure,
      details: { file: this.#pages.file.path },
    })
  }
}
