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
  ResumableTask,
  StoreLoad,
  StoreLog,
  Syncable,
  VerifySink,
} from '@ldb/base'
import { ExpiringCursor } from './ttl-cursor.js'
import { expiryOf } from './expiry.js'
import type { Expiry } from './expiry.js'

/**
 * A store that hides expired entries. Writes pass through unchanged: their values have expiry headers already.
 *
 * (X1) A read of the live state uses the clock at the call. (X2) A snapshot, and each scan and cursor on it, uses the time at which
 * it was taken: its contents do not change.
 */
export class ExpiringStore implements OrderedStore {
  /** The store of raw values, with all entries. */
  readonly inner: OrderedStore
  readonly expiry: Expiry
  readonly #pause: () => void

  /** @param pause - called by a cursor that passes many expired entries in one move; may throw to interrupt it. */
  constructor(inner: OrderedStore, expiry: Expiry, pause: () => void) {
    this.inner = inner
    this.expiry = expiry
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
    return this.expiry.decode(this.inner.get(key, keyBytes), this.expiry.clock.now())
  }

  getBorrowed(key: Uint8Array, keyBytes?: number): Uint8Array | undefined {
    return this.expiry.decode(this.inner.getBorrowed(key, keyBytes), this.expiry.clock.now())
  }

  getMany(keys: Uint8Array, ends: readonly number[]): (Uint8Array | undefined)[] {
    const nowMs = this.expiry.clock.now()
    return this.inner.getMany(keys, ends).map((stored) => this.expiry.decode(stored, nowMs))
  }

  has(key: Uint8Array, keyBytes?: number): boolean {
    return this.get(key, keyBytes) !== undefined
  }

  apply(section: BatchSection, seq: Seq): void {
    this.inner.apply(section, seq)
  }

  snapshot(): StoreSnapshot {
    return this.snapshotAt(this.expiry.clock.now())
  }

  /** Returns a snapshot without the entries that had expired at a time. */
  snapshotAt(nowMs: number): StoreSnapshot {
    return new ExpiringSnapshot(this.inner.snapshot(), this.expiry, nowMs, this.#pause)
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

  verify(sink: VerifySink): void {
    this.inner.verify(sink)
  }

  /** Counts expired entries too, until they are swept. */
  stats(): StoreStats {
    return this.inner.stats()
  }

  close(): void {
    this.inner.close()
  }
}

class ExpiringSnapshot implements StoreSnapshot {
  readonly #inner: StoreSnapshot
  readonly #expiry: Expiry
  readonly #nowMs: number
  readonly #pause: () => void

  constructor(inner: StoreSnapshot, expiry: Expiry, nowMs: number, pause: () => void) {
    this.#pause = pause
    this.#inner = inner
    this.#expiry = expiry
    this.#nowMs = nowMs
  }

  get seq(): Seq {
    return this.#inner.seq
  }

  get(key: Uint8Array, keyBytes?: number): Uint8Array | undefined {
    return this.#expiry.decode(this.#inner.get(key, keyBytes), this.#nowMs)
  }

  getBorrowed(key: Uint8Array, keyBytes?: number): Uint8Array | undefined {
    return this.#expiry.decode(this.#inner.getBorrowed(key, keyBytes), this.#nowMs)
  }

  getMany(keys: Uint8Array, ends: readonly number[]): (Uint8Array | undefined)[] {
    const nowMs = this.#nowMs
    return this.#inner.getMany(keys, ends).map((stored) => this.#expiry.decode(stored, nowMs))
  }

  has(key: Uint8Array, keyBytes?: number): boolean {
    return this.get(key, keyBytes) !== undefined
  }

  cursor(bounds?: KeyBounds): StoreCursor {
    return new ExpiringCursor(this.#inner.cursor(bounds), this.#nowMs, this.#pause)
  }

  /** Visits every entry: page statistics do not know how many have expired. */
  count(bounds?: KeyBounds): number {
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
