import type {
  BatchSection,
  CompactionRequest,
  KeyBounds,
  OrderedStore,
  RangeEstimate,
  Seq,
  StoreCursor,
  StoreSnapshot,
  StoreStats,
  HeldCheckpoint,
  ResumableTask,
  StoreLoad,
  StoreLog,
  Syncable,
  StoreVerifyOptions,
  VerifySink,
  VerifySteps,
} from '@ldb/base'
import { expiryOf } from '../blob/value-header.js'
import type { ValueDecoder } from './value-decoder.js'

/**
 * A store of decoded values: it hides expired entries, and reads values in blob files. Writes pass through unchanged: their values are
 * encoded already.
 *
 * (X1) A read of the live state uses the clock at the call. (X2) A snapshot, and each scan and cursor on it, uses the time at which
 * it was taken: its contents do not change.
 */
export class DecodedStore implements OrderedStore {
  /** The store of raw values, with all entries. */
  readonly inner: OrderedStore
  readonly decoder: ValueDecoder
  readonly #pause: () => void

  /** @param pause - called by a cursor that passes many expired entries in one move; may throw to interrupt it. */
  constructor(inner: OrderedStore, decoder: ValueDecoder, pause: () => void) {
    this.inner = inner
    this.decoder = decoder
    this.#pause = pause
  }

  get seq(): Seq {
    return this.inner.seq
  }

  get durableSeq(): Seq {
    return this.inner.durableSeq
  }

  get durableSegmentId(): Uint8Array {
    return this.inner.durableSegmentId
  }

  get(key: Uint8Array, keyBytes?: number): Uint8Array | undefined {
    return this.decoder.decode(this.inner.get(key, keyBytes), this.decoder.now())
  }

  getBorrowed(key: Uint8Array, keyBytes?: number): Uint8Array | undefined {
    return this.decoder.decode(this.inner.getBorrowed(key, keyBytes), this.decoder.now())
  }

  getMany(keys: Uint8Array, ends: readonly number[]): (Uint8Array | undefined)[] {
    const nowMs = this.decoder.now()
    return this.inner.getMany(keys, ends).map((stored) => this.decoder.decode(stored, nowMs))
  }

  has(key: Uint8Array, keyBytes?: number): boolean {
    return isLive(this.inner, key, keyBytes, this.decoder.now())
  }

  apply(section: BatchSection, seq: Seq): void {
    this.inner.apply(section, seq)
  }

  snapshot(): StoreSnapshot {
    return this.snapshotAt(this.decoder.now())
  }

  /** Returns a snapshot without the entries that had expired at a time. */
  snapshotAt(nowMs: number): StoreSnapshot {
    return new DecodedSnapshot(this.inner.snapshot(), this.decoder, this.decoder.timeOf(nowMs), this.#pause)
  }

  beginReplay(): void {
    this.inner.beginReplay()
  }

  endReplay(seq: Seq): void {
    this.inner.endReplay(seq)
  }

  prefetch(key: Uint8Array, keyBytes?: number): void {
    this.inner.prefetch(key, keyBytes)
  }

  checkpoint(): void {
    this.inner.checkpoint()
  }

  beginCheckpoint(log?: StoreLog, timeSlice?: Syncable): ResumableTask {
    return this.inner.beginCheckpoint(log, timeSlice)
  }

  compact(bounds?: KeyBounds): void {
    this.inner.compact(bounds)
  }

  beginCompaction(request: CompactionRequest): ResumableTask | undefined {
    return this.inner.beginCompaction(request)
  }

  beginLoad(): StoreLoad | undefined {
    return this.inner.beginLoad()
  }

  isIdleWorkDue(): boolean {
    return this.inner.isIdleWorkDue()
  }

  logBytesPreferred(): number {
    return this.inner.logBytesPreferred()
  }

  persistRecovered(): Promise<void> {
    return this.inner.persistRecovered()
  }

  holdCheckpoint(): HeldCheckpoint {
    return this.inner.holdCheckpoint()
  }

  verify(sink: VerifySink): void {
    this.inner.verify(sink)
  }

  verifySteps(sink: VerifySink, options?: StoreVerifyOptions): VerifySteps {
    return this.inner.verifySteps(sink, options)
  }

  /** Counts expired entries too, until they are swept. */
  stats(): StoreStats {
    return this.inner.stats()
  }

  close(): void {
    this.inner.close()
  }
}

class DecodedSnapshot implements StoreSnapshot {
  readonly #inner: StoreSnapshot
  readonly #decoder: ValueDecoder
  readonly #nowMs: number
  readonly #pause: () => void

  constructor(inner: StoreSnapshot, decoder: ValueDecoder, nowMs: number, pause: () => void) {
    this.#pause = pause
    this.#inner = inner
    this.#decoder = decoder
    this.#nowMs = nowMs
  }

  get seq(): Seq {
    return this.#inner.seq
  }

  get(key: Uint8Array, keyBytes?: number): Uint8Array | undefined {
    return this.#decoder.decode(this.#inner.get(key, keyBytes), this.#nowMs)
  }

  getBorrowed(key: Uint8Array, keyBytes?: number): Uint8Array | undefined {
    return this.#decoder.decode(this.#inner.getBorrowed(key, keyBytes), this.#nowMs)
  }

  getMany(keys: Uint8Array, ends: readonly number[]): (Uint8Array | undefined)[] {
    const nowMs = this.#nowMs
    return this.#inner.getMany(keys, ends).map((stored) => this.#decoder.decode(stored, nowMs))
  }

  has(key: Uint8Array, keyBytes?: number): boolean {
    return isLive(this.#inner, key, keyBytes, this.#nowMs)
  }

  cursor(bounds?: KeyBounds): StoreCursor {
    return this.#decoder.cursor(this.#inner.cursor(bounds), this.#nowMs, this.#pause)
  }

  /** Visits every entry where entries may expire: page statistics do not know how many have. */
  count(bounds?: KeyBounds): number {
    if (this.#nowMs === 0) return this.#inner.count(bounds)
    const cursor = this.#inner.cursor(bounds)
    const nowMs = this.#nowMs
    let count = 0
    const addLive = (bytes: Uint8Array, start: number, end: number): boolean => {
      if (expiryOf(bytes, start, end) > nowMs) count++
      return true
    }
    for (let found = cursor.first(); found; found = cursor.next()) cursor.skipWhile(1, addLive)
    cursor.close()
    return count
  }

  /** Counts expired entries as live. */
  estimate(bounds?: KeyBounds): RangeEstimate {
    return this.#inner.estimate(bounds)
  }

  release(): void {
    this.#inner.release()
  }
}

/** Reports whether a key has an entry that had not expired at a time. Reads no value in a blob file. */
function isLive(
  store: Pick<StoreSnapshot, 'has' | 'getBorrowed'>,
  key: Uint8Array,
  keyBytes: number | undefined,
  nowMs: number,
): boolean {
  if (nowMs === 0) return store.has(key, keyBytes)
  const stored = store.getBorrowed(key, keyBytes)
  return stored !== undefined && expiryOf(stored, 0, stored.length) > nowMs
}
