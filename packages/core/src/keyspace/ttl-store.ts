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
  Syncable,
  VerifySink,
} from '@ldb/base'
import { ExpiringCursor } from './ttl-cursor.js'
import type { Expiry } from './expiry.js'

/**
 * A store whose entries are absent from the moment at which their time is over, those that have one. Writes go through it as
 * they are: their values are sealed already.
 *
 * (X1) The live state is that of the clock at the call. (X2) A snapshot, and so each scan and cursor, keeps the moment at which
 * it was taken: what it shows does not change.
 */
export class ExpiringStore implements OrderedStore {
  /** The store with everything in it, sealed. */
  readonly below: OrderedStore
  readonly expiry: Expiry

  constructor(below: OrderedStore, expiry: Expiry) {
    this.below = below
    this.expiry = expiry
  }

  get seq(): Seq {
    return this.below.seq
  }

  get durableSeq(): Seq {
    return this.below.durableSeq
  }

  get(key: Uint8Array, keyBytes?: number): Uint8Array | undefined {
    return this.expiry.open(this.below.get(key, keyBytes), this.expiry.clock.now())
  }

  getBorrowed(key: Uint8Array, keyBytes?: number): Uint8Array | undefined {
    return this.expiry.open(this.below.getBorrowed(key, keyBytes), this.expiry.clock.now())
  }

  getMany(keys: Uint8Array, ends: readonly number[]): (Uint8Array | undefined)[] {
    const nowMs = this.expiry.clock.now()
    return this.below.getMany(keys, ends).map((kept) => this.expiry.open(kept, nowMs))
  }

  has(key: Uint8Array, keyBytes?: number): boolean {
    return this.get(key, keyBytes) !== undefined
  }

  apply(section: BatchSection, seq: Seq): void {
    this.below.apply(section, seq)
  }

  snapshot(): StoreSnapshot {
    return new ExpiringSnapshot(this.below.snapshot(), this.expiry, this.expiry.clock.now())
  }

  beginReplay(): void {
    this.below.beginReplay()
  }

  endReplay(seq: Seq): void {
    this.below.endReplay(seq)
  }

  prefetch(key: Uint8Array, keyBytes?: number): void {
    this.below.prefetch(key, keyBytes)
  }

  checkpoint(): void {
    this.below.checkpoint()
  }

  beginCheckpoint(log?: Syncable, timeSlice?: Syncable): ResumableTask {
    return this.below.beginCheckpoint(log, timeSlice)
  }

  compact(bounds?: KeyBounds): void {
    this.below.compact(bounds)
  }

  beginCompaction(request: CompactionRequest): ResumableTask | undefined {
    return this.below.beginCompaction(request)
  }

  logBytesPreferred(): number {
    return this.below.logBytesPreferred()
  }

  persistRecovered(): Promise<void> {
    return this.below.persistRecovered()
  }

  verify(sink: VerifySink): void {
    this.below.verify(sink)
  }

  /** Counts what has expired too, until it is swept. */
  stats(): StoreStats {
    return this.below.stats()
  }

  close(): void {
    this.below.close()
  }
}

class ExpiringSnapshot implements StoreSnapshot {
  readonly #below: StoreSnapshot
  readonly #expiry: Expiry
  readonly #nowMs: number

  constructor(below: StoreSnapshot, expiry: Expiry, nowMs: number) {
    this.#below = below
    this.#expiry = expiry
    this.#nowMs = nowMs
  }

  get seq(): Seq {
    return this.#below.seq
  }

  get(key: Uint8Array, keyBytes?: number): Uint8Array | undefined {
    return this.#expiry.open(this.#below.get(key, keyBytes), this.#nowMs)
  }

  getBorrowed(key: Uint8Array, keyBytes?: number): Uint8Array | undefined {
    return this.#expiry.open(this.#below.getBorrowed(key, keyBytes), this.#nowMs)
  }

  getMany(keys: Uint8Array, ends: readonly number[]): (Uint8Array | undefined)[] {
    const nowMs = this.#nowMs
    return this.#below.getMany(keys, ends).map((kept) => this.#expiry.open(kept, nowMs))
  }

  has(key: Uint8Array, keyBytes?: number): boolean {
    return this.get(key, keyBytes) !== undefined
  }

  cursor(bounds?: KeyBounds): StoreCursor {
    return new ExpiringCursor(this.#below.cursor(bounds), this.#nowMs)
  }

  /** Steps over every entry: how many have expired, no branch knows. */
  count(bounds?: KeyBounds): number {
    const cursor = this.cursor(bounds)
    let count = 0
    for (let found = cursor.first(); found; found = cursor.next()) count++
    cursor.close()
    return count
  }

  /** Takes what has expired for live. */
  estimate(bounds?: KeyBounds): RangeEstimate {
    return this.#below.estimate(bounds)
  }

  release(): void {
    this.#below.release()
  }
}
