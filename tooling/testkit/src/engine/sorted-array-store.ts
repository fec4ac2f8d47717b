import { assert, corruption, isLdbError, LdbError, NO_SEGMENT_ID, ResumableTask, toSeq } from '@ldb/base'
import type {
  BatchSection,
  CompactionRequest,
  HeldCheckpoint,
  TaskSteps,
  KeyBounds,
  OrderedStore,
  Seq,
  StoreLog,
  StoreObserver,
  StoreSnapshot,
  StoreStats,
  Syncable,
  VerifySink,
  VerifySteps,
} from '@ldb/base'
import { DirectorySync, FileSync } from '@ldb/vfs'
import type { Vfs, VfsFile } from '@ldb/vfs'
import { seededRandom } from '../base/test-random.js'
import type { TestRandom } from '../base/test-random.js'
import { encodeState, heldState, readState } from './array-file.js'
import { closedError, SortedArraySnapshot } from './sorted-array-snapshot.js'
import { applySection, entryOf } from './sorted-array.js'
import type { SortedEntries } from './sorted-array.js'

export const STATE_NAME = 'array'
export const STATE_TEMPORARY_NAME = 'array.new'
export const SPILL_NAME = 'array.spill'

/** How often a sorted array makes use of the freedoms of the contract, as probabilities. */
export interface Freedoms {
  /** A read touches the file, and so may be interrupted. */
  readonly readFile: number
  /** A write checkpoints the store by itself, or asks the owner for a checkpoint. */
  readonly checkpointItself: number
  readonly requestCheckpoint: number
  /** Statistics report an estimated entry count. */
  readonly estimatesCount: boolean
}

/** The freedoms of the engine in tests. */
export const ALL_FREEDOMS: Freedoms = {
  readFile: 0.2,
  checkpointItself: 0.05,
  requestCheckpoint: 0.02,
  estimatesCount: true,
}

/**
 * A store that differs from a B+tree in everything that the contract leaves open: a sorted array in memory, one state file that is
 * replaced by rename. It checkpoints when it likes, writes a spill file during replay, reads its file at random so that reads
 * are interrupted, and estimates its entry count.
 */
export class SortedArrayStore implements OrderedStore {
  readonly #vfs: Vfs
  readonly #directory: string
  readonly #log: StoreLog
  readonly #observer: StoreObserver
  readonly #freedoms: Freedoms
  readonly #random: TestRandom
  #file: VfsFile
  #entries: SortedEntries
  #seq: number
  #durableSeq: number
  #durableSegmentId: Uint8Array
  #isReplaying = false
  #isClosed = false
  #failure: unknown = undefined
  #snapshotCount = 0
  #checkpoint: ResumableTask | undefined = undefined

  private constructor(
    vfs: Vfs,
    directory: string,
    log: StoreLog,
    observer: StoreObserver,
    freedoms: Freedoms,
    seed: number,
  ) {
    this.#vfs = vfs
    this.#directory = directory
    this.#log = log
    this.#observer = observer
    this.#freedoms = freedoms
    this.#random = seededRandom(seed)
    const { seq, segmentId, entries } = readState(vfs, this.#path(STATE_NAME))
    this.#file = vfs.open(this.#path(STATE_NAME), 'read')
    this.#entries = entries
    this.#seq = seq
    this.#durableSeq = seq
    this.#durableSegmentId = segmentId
  }

  /** Writes the state file of an empty store; the caller syncs the directory. */
  static create(vfs: Vfs, directory: string): void {
    const file = vfs.open(`${directory}/${STATE_NAME}`, 'createNew')
    const bytes = encodeState({ seq: 0, entries: [] })
    file.write(bytes, 0, bytes.length, 0)
    file.sync()
    file.close()
  }

  /** Opens the store in a directory. */
  static open(
    vfs: Vfs,
    directory: string,
    log: StoreLog,
    observer: StoreObserver,
    seed: number,
    freedoms: Freedoms = ALL_FREEDOMS,
  ): SortedArrayStore {
    return new SortedArrayStore(vfs, directory, log, observer, freedoms, seed)
  }

  get seq(): Seq {
    return toSeq(this.#seq)
  }

  get durableSeq(): Seq {
    return toSeq(this.#durableSeq)
  }

  get durableSegmentId(): Uint8Array {
    return this.#durableSegmentId
  }

  get(key: Uint8Array, keyBytes: number = key.length): Uint8Array | undefined {
    this.#interrupt()
    return entryOf(this.#entries, key.slice(0, keyBytes))?.value.slice()
  }

  getBorrowed(key: Uint8Array, keyBytes?: number): Uint8Array | undefined {
    return this.get(key, keyBytes)
  }

  getMany(keys: Uint8Array, ends: readonly number[]): (Uint8Array | undefined)[] {
    return ends.map((end, index) => this.get(keys.subarray(index === 0 ? 0 : ends[index - 1], end)))
  }

  has(key: Uint8Array, keyBytes?: number): boolean {
    return this.get(key, keyBytes) !== undefined
  }

  prefetch(key: Uint8Array, keyBytes?: number): void {
    this.get(key, keyBytes)
  }

  apply(section: BatchSection, seq: Seq): void {
    this.#assertWritable()
    assert(this.#isReplaying ? seq >= this.#seq : seq > this.#seq, 'sections are applied in commit order')
    this.#entries = applySection(this.#entries, section)
    this.#seq = seq
    const { checkpointItself, requestCheckpoint } = this.#freedoms
    if (this.#isReplaying) {
      if (this.#random.chance(checkpointItself)) this.#spill()
      return
    }
    if (this.#random.chance(requestCheckpoint)) this.#observer.wantsCheckpoint()
    if (!this.#random.chance(checkpointItself)) return
    this.#observer.stalled('sorted array', 0)
    this.beginCheckpoint(this.#log).sync()
    const fileBytes = this.#file.length()
    const sizes = { fileBytesBefore: fileBytes, fileBytesAfter: fileBytes }
    this.#observer.completed({ kind: 'compaction', durationMs: 0, ...sizes })
  }

  beginReplay(): void {
    this.#assertWritable()
    this.#isReplaying = true
  }

  endReplay(seq: Seq): void {
    assert(this.#isReplaying && seq >= this.#seq, 'a replay ends at its newest commit')
    this.#isReplaying = false
    this.#seq = seq
  }

  snapshot(): StoreSnapshot {
    this.#assertOpen()
    this.#snapshotCount++
    return new SortedArraySnapshot(
      this.#entries,
      this.#seq,
      () => {
        this.#interrupt()
      },
      () => this.#snapshotCount--,
    )
  }

  checkpoint(): void {
    this.beginCheckpoint().sync()
  }

  beginCheckpoint(log?: StoreLog, timeSlice?: Syncable): ResumableTask {
    this.#assertWritable()
    assert(!this.#isReplaying, 'no checkpoint contains a part of a replay')
    this.#checkpoint?.sync()
    this.#checkpoint = new ResumableTask(this.#checkpointSteps(this.#entries, this.#seq, log, timeSlice))
    return this.#checkpoint
  }

  compact(bounds?: KeyBounds): void {
    this.beginCompaction({ effort: 'full', bounds })?.sync()
  }

  beginCompaction({ effort, log, timeSlice }: CompactionRequest): ResumableTask | undefined {
    return effort === 'full' || effort === 'shrink' ? this.beginCheckpoint(log, timeSlice) : undefined
  }

  /** Loads are applied as batches. */
  beginLoad(): undefined {
    return undefined
  }

  isIdleWorkDue(): boolean {
    return false
  }

  logBytesPreferred(): number {
    return 0
  }

  async persistRecovered(): Promise<void> {
    this.#assertWritable()
    await new DirectorySync(this.#vfs, this.#directory).syncAsync()
  }

  holdCheckpoint(): HeldCheckpoint {
    this.#assertOpen()
    this.#checkpoint?.sync()
    return heldState(this.#file, this.durableSeq, this.#durableSegmentId)
  }

  verify(sink: VerifySink): void {
    this.#assertOpen()
    // A checkpoint under way may have renamed the file already.
    this.#checkpoint?.sync()
    sink.progress({ files: 1, units: 0, entries: 0, bytes: 0 })
    const path = this.#path(STATE_NAME)
    try {
      const { seq } = readState(this.#vfs, path)
      if (seq !== this.#durableSeq) throw corruption(path, 0, 'the state file is not the newest one')
      sink.progress({ units: 1, entries: this.#entries.length, bytes: this.#file.length() })
    } catch (error) {
      if (!isLdbError(error)) throw error
      sink.finding({ kind: 'checksum', file: path, offset: 0, message: error.message })
    }
  }

  *verifySteps(sink: VerifySink): VerifySteps {
    this.verify(sink)
    yield
  }

  stats(): StoreStats {
    this.#assertOpen()
    const fileBytes = this.#file.length()
    const { estimatesCount } = this.#freedoms
    return {
      // An estimate is rounded up to a multiple of four.
      entryCount: estimatesCount ? Math.ceil(this.#entries.length / 4) * 4 : this.#entries.length,
      isEntryCountExact: !estimatesCount,
      fileBytes,
      liveBytes: fileBytes,
      dirtyBytes: this.#seq === this.#durableSeq ? 0 : fileBytes,
      depth: 1,
      snapshotCount: this.#snapshotCount,
    }
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#checkpoint?.abort(closedError())
    this.#file.close()
  }

  *#checkpointSteps(
    entries: SortedEntries,
    seq: number,
    log: StoreLog | undefined,
    timeSlice: Syncable | undefined,
  ): TaskSteps {
    try {
      if (timeSlice !== undefined) yield timeSlice
      // (C6) The state contains the id of the newest segment that holds its commits.
      if (log !== undefined) yield log
      const segmentId = log?.segmentId ?? NO_SEGMENT_ID
      const file = this.#vfs.open(this.#path(STATE_TEMPORARY_NAME), 'create')
      try {
        const bytes = encodeState({ seq, segmentId, entries })
        file.truncate(0)
        file.write(bytes, 0, bytes.length, 0)
        const fileSync = new FileSync(this.#vfs, file)
        yield fileSync
        fileSync.close()
      } finally {
        file.close()
      }
      if (timeSlice !== undefined) yield timeSlice
      this.#vfs.rename(this.#path(STATE_TEMPORARY_NAME), this.#path(STATE_NAME))
      yield new DirectorySync(this.#vfs, this.#directory)
      this.#file.close()
      this.#file = this.#vfs.open(this.#path(STATE_NAME), 'read')
      this.#durableSeq = seq
      this.#durableSegmentId = segmentId
    } catch (error) {
      this.#failure ??= error
      throw error
    }
  }

  /** Writes what a replay has built so far to a file that no open reads: memory could run out in the middle of a replay. */
  #spill(): void {
    const file = this.#vfs.open(this.#path(SPILL_NAME), 'create')
    try {
      const bytes = encodeState({ seq: this.#seq, entries: this.#entries })
      file.truncate(0)
      file.write(bytes, 0, bytes.length, 0)
      file.sync()
    } finally {
      file.close()
    }
  }

  /** Reads a random byte of the file now and then: a file system below may throw to have it loaded first. */
  #interrupt(): void {
    this.#assertOpen()
    if (!this.#random.chance(this.#freedoms.readFile)) return
    this.#file.read(new Uint8Array(1), 0, 1, this.#random.below(Math.max(1, this.#file.length())))
  }

  #path(name: string): string {
    return `${this.#directory}/${name}`
  }

  #assertOpen(): void {
    if (this.#isClosed) throw closedError()
  }

  #assertWritable(): void {
    this.#assertOpen()
    if (this.#failure === undefined) return
    throw new LdbError('LDB_POISONED', 'an earlier checkpoint of the sorted array failed', {
      cause: this.#failure,
    })
  }
}
