import { BatchReader, LdbError, OperationKind, ResumableTask, runVerifySteps } from '@ldb/base'
import type {
  BatchSection,
  CompactionRequest,
  HeldCheckpoint,
  KeyBounds,
  OrderedStore,
  Seq,
  StoreLoad,
  StoreLog,
  StoreSnapshot,
  StoreStats,
  Syncable,
  TaskSteps,
  StoreVerifyOptions,
  VerifySink,
  VerifySteps,
} from '@ldb/base'
import { resolvePath } from '@ldb/vfs'
import type { FilePath, Vfs } from '@ldb/vfs'
import { EntryKind } from './format.js'
import { resolveLsmOptions } from './options.js'
import type { LsmTreeOptions } from './options.js'
import { STAMP_MAX } from './entry/entry.js'
import { HotKeys } from './read/hot-keys.js'
import { PointRead } from './read/point-read.js'
import { LsmSnapshot } from './read/snapshot.js'
import { holdStore } from './store/held-store.js'
import { checkpointSteps, compactionTaskSteps, rangeOf } from './store/maintenance-steps.js'
import { ValueSlab } from './read/value-slab.js'
import { openStore } from './store/open.js'
import type { OpenedStore } from './store/open.js'
import { hasWork, isIdleWorkDue, makeRoom, memoryOf, SECTION_BYTES_KEPT, workFor } from './store/pacing.js'
import { SortedLoad } from './store/sorted-load.js'
import { collectStats } from './store/stats.js'
import { verifyStore } from './verify/verify.js'

/**
 * An ordered map in a directory: a log-structured merge tree.
 *
 * @remarks Operations are applied to a memtable in memory. A full memtable is written to a table; tables are merged into levels. Both
 * happen in steps, which commits and checkpoints run. Everything is durable with the next {@link LsmTree.checkpoint}; a crash leaves
 * the last checkpoint. After a failed write or sync, reads work and writes are LDB_POISONED.
 * @category LSM tree
 */
export class LsmTree implements OrderedStore {
  readonly #opened: OpenedStore
  readonly #reader: BatchReader = new BatchReader()
  readonly #read: PointRead = new PointRead(new HotKeys())
  readonly #slab: ValueSlab = new ValueSlab()
  readonly #snapshots: Set<LsmSnapshot>
  #checkpoint: ResumableTask | undefined = undefined

  private constructor(opened: OpenedStore, snapshots: Set<LsmSnapshot>) {
    this.#opened = opened
    this.#snapshots = snapshots
  }

  /**
   * Opens the store in a directory, creating both when they are absent.
   *
   * @remarks Reads the manifest, and no table. Unless `rewriteManifest` is `'write'`, writes the manifest of a store that exists again.
   * @param path - path of the directory, or `file:` URL.
   * @throws {@link LdbError} LDB_NOT_FOUND when there is no store and `create` is false; LDB_CORRUPTION when the manifest is damaged or
   * belongs to another store; LDB_FORMAT, LDB_INVALID_ARGUMENT, LDB_IO.
   */
  static open(vfs: Vfs, path: FilePath, options?: LsmTreeOptions): LsmTree {
    const resolved = resolveLsmOptions(options)
    const snapshots = new Set<LsmSnapshot>()
    const stamps = (): number[] => [...snapshots].map(({ stamp }) => stamp).sort((a, b) => a - b)
    const opened = openStore(vfs, resolvePath(vfs, path), resolved, stamps, () => store.#takeDelegated())
    const store = new LsmTree(opened, snapshots)
    if (resolved.rewriteManifest === 'open') store.#persistOrClose()
    return store
  }

  /** Random id of the store, 16 bytes. Never changes. */
  get storeId(): Uint8Array {
    return this.#opened.storeId
  }

  get seq(): Seq {
    return this.#opened.state.seq
  }

  get durableSeq(): Seq {
    return this.#opened.persistence.durableSeq
  }

  get durableSegmentId(): Uint8Array {
    return this.#opened.persistence.durableSegmentId
  }

  get(key: Uint8Array, keyBytes: number = key.length): Uint8Array | undefined {
    if (!this.has(key, keyBytes)) return undefined
    const { valueBuffer, valueStart, valueEnd } = this.#read
    return this.#slab.copy(valueBuffer, valueStart, valueEnd)
  }

  getBorrowed(key: Uint8Array, keyBytes: number = key.length): Uint8Array | undefined {
    if (!this.has(key, keyBytes)) return undefined
    const { valueBuffer, valueStart, valueEnd } = this.#read
    return valueBuffer.subarray(valueStart, valueEnd)
  }

  getMany(keys: Uint8Array, ends: readonly number[]): (Uint8Array | undefined)[] {
    return ends.map((end, index) => this.get(keys.subarray(ends[index - 1] ?? 0, end)))
  }

  has(key: Uint8Array, keyBytes: number = key.length): boolean {
    this.#opened.status.assertReadable()
    return this.#read.find(this.#opened.state.current, key, keyBytes, STAMP_MAX)
  }

  /** Does nothing: writes read nothing. */
  prefetch(): void {
    this.#opened.status.assertReadable()
  }

  apply(section: BatchSection, seq: Seq): void {
    const { state, status } = this.#opened
    status.assertWritable()
    const isOrdered = state.isReplaying ? seq >= state.seq : seq > state.seq
    if (!isOrdered) throw new LdbError('LDB_INVALID_ARGUMENT', `section ${seq} follows section ${state.seq}`)
    const byteCount = memoryOf(section)
    this.#guard(() => {
      makeRoom(this.#opened, byteCount)
    })
    state.emptyRanges.noteSection(section)
    try {
      this.#applyOperations(section)
    } catch (error) {
      status.break(error)
      throw error
    }
    state.seq = seq
    if (hasWork(this.#opened)) {
      this.#guard(() => {
        workFor(this.#opened, byteCount)
      })
    }
  }

  beginReplay(): void {
    this.#opened.status.assertWritable()
    this.#opened.state.isReplaying = true
  }

  endReplay(seq: Seq): void {
    this.#opened.state.endReplay(seq)
  }

  beginLoad(): StoreLoad {
    const opened = this.#opened
    opened.status.assertWritable()
    const load = new SortedLoad({
      opened,
      runExclusively: (part) => {
        opened.status.assertWritable()
        this.#checkpoint?.sync()
        this.#guard(part)
      },
      guarded: (steps) => this.#guarded(steps),
    })
    opened.loads.add(load)
    return load
  }

  snapshot(): StoreSnapshot {
    const { state, status, work } = this.#opened
    status.assertReadable()
    const snapshot = new LsmSnapshot(
      state.current.pin(),
      state.seq,
      state.stamp,
      state.emptyRanges,
      this.#slab,
      (released) => {
        this.#snapshots.delete(released)
        work.noteSnapshotReleased()
      },
    )
    this.#snapshots.add(snapshot)
    return snapshot
  }

  checkpoint(): void {
    this.beginCheckpoint().sync()
  }

  beginCheckpoint(log?: StoreLog, timeSlice?: Syncable): ResumableTask {
    this.#opened.status.assertWritable()
    // One checkpoint at a time: the next one contains what the one in progress leaves.
    this.#checkpoint?.sync()
    this.#opened.state.freeze()
    const { state, options } = this.#opened
    // Memtables that are frozen later are not part of the checkpoint.
    const frozen = new Set(state.memtables.slice(1))
    const steps = checkpointSteps(this.#opened, frozen, log ?? options.log, timeSlice)
    const task = new ResumableTask(this.#guarded(steps))
    this.#checkpoint = task
    return task
  }

  compact(bounds?: KeyBounds): void {
    this.beginCompaction({ effort: 'full', bounds })?.sync()
  }

  beginCompaction(request: CompactionRequest): ResumableTask | undefined {
    const { status, state, work } = this.#opened
    status.assertWritable()
    const { effort, log = this.#opened.options.log, timeSlice } = request
    // A compaction takes space before it frees any.
    if (effort === 'shrink') return undefined
    const isRequired = effort === 'full' || effort === 'renew' || work.isCompactionNeeded
    if (!isRequired && !(effort === 'idle' && work.isIdleCompactionDue)) return undefined
    if (effort === 'full') work.assertRangeReadable(rangeOf(request.bounds))
    this.#checkpoint?.sync()
    state.freeze()
    return new ResumableTask(this.#guarded(compactionTaskSteps(this.#opened, request, log, timeSlice)))
  }

  isIdleWorkDue(): boolean {
    return this.#opened.status.isOpen && isIdleWorkDue(this.#opened)
  }

  logBytesPreferred(): number {
    return 2 * this.#opened.options.memtableBytes
  }

  async persistRecovered(): Promise<void> {
    await this.#persist().syncAsync()
  }

  holdCheckpoint(): HeldCheckpoint {
    return holdStore(this.#opened, this.#checkpoint)
  }

  verify(sink: VerifySink): void {
    runVerifySteps(this.verifySteps(sink))
  }

  verifySteps(sink: VerifySink, options?: StoreVerifyOptions): VerifySteps {
    return verifyStore(this.#opened, sink, options)
  }

  stats(): StoreStats {
    this.#opened.status.assertReadable()
    return collectStats(this.#opened, this.#snapshots.size)
  }

  close(): void {
    const { status, state, work, files, manifest, loads } = this.#opened
    if (status.isClosed) return
    status.close()
    for (const load of [...loads]) load.abort()
    this.#checkpoint?.abort(new LdbError('LDB_CLOSED', 'the LSM tree was closed'))
    for (const snapshot of [...this.#snapshots]) snapshot.release()
    files.stopDeleting()
    work.stop()
    state.release()
    files.close()
    manifest.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** Installs what another thread has written, and lets it go on. A failure poisons the store, and its next write reports it. */
  #takeDelegated(): void {
    const { status, work } = this.#opened
    if (!status.isOpen) return
    try {
      work.takeDelegated()
      work.compactionStep()
    } catch (error) {
      this.#fail(error)
    }
  }

  /** Begins to make the present tables durable. Flushes nothing. */
  #persist(): ResumableTask {
    this.#opened.status.assertWritable()
    this.#checkpoint?.sync()
    this.#checkpoint = new ResumableTask(this.#guarded(this.#opened.persistence.steps(undefined)))
    return this.#checkpoint
  }

  #persistOrClose(): void {
    try {
      this.#persist().sync()
    } catch (error) {
      this.close()
      throw error
    }
  }

  #applyOperations(section: BatchSection): void {
    const { state } = this.#opened
    const { active } = state
    const reader = this.#reader
    const staged = active.stage(section)
    // Not behind the loop, in which the first call is compiled: code without type feedback there would be left at each end of a loop.
    const isLong = staged.bytes.length > SECTION_BYTES_KEPT
    reader.reset(staged)
    while (reader.next()) {
      const { kind, bytes, keyStart, keyEnd, valueStart, valueEnd } = reader
      const stamp = ++state.stamp
      if (kind === OperationKind.Put)
        active.add(EntryKind.Put, stamp, bytes, keyStart, keyEnd, valueStart, valueEnd)
      else if (kind === OperationKind.DeleteRange || kind === OperationKind.DeleteFrom) {
        const upper = kind === OperationKind.DeleteRange ? reader.value() : undefined
        active.tombstones.add({ lower: reader.key(), upper, stamp })
      } else {
        active.add(EntryKind.Delete, stamp, bytes, keyStart, keyEnd, keyEnd, keyEnd)
        active.deleteCount++
      }
    }
    if (isLong) reader.release()
  }

  /** Runs a part that writes; the store is poisoned when it throws. */
  #guard(part: () => void): void {
    try {
      part()
    } catch (error) {
      throw this.#fail(error)
    }
  }

  *#guarded(steps: TaskSteps): TaskSteps {
    try {
      this.#opened.status.assertWritable()
      yield* steps
    } catch (error) {
      throw this.#fail(error)
    }
  }

  /** Poisons an open store. Returns the error. */
  #fail(error: unknown): unknown {
    const { status, files, options } = this.#opened
    if (!status.isOpen) return error
    status.fail(error)
    files.stopDeleting()
    options.observer.failed(error)
    return error
  }
}
