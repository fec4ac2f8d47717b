import type { ResolvedRange } from '@ldb/base'
import { decodeBorrowedKey, decodeBorrowedValue } from '../keyspace/borrowed-decode.js'
import type { AsyncApi } from '../calls/async-api.js'
import type { CallOrder } from '../calls/call-order.js'
import type { PendingCall } from '../calls/pending-call.js'
import { MISSES_MAX, READ_MISS } from '../resident/read-gate.js'
import { throwIfAborted, untilAborted } from '../health/abort-signal.js'
import type { AbortSignalLike } from '../health/abort-signal.js'
import { RetryableCursor } from '../resident/retryable-cursor.js'
import type { EntryPart } from '../read/entry-source.js'
import type { KeyspaceCodec } from '../keyspace/codec.js'
import type { ReadLease } from '../read/open-reads.js'
import type { ReadPin, ReadSource } from '../read/read-source.js'

/** Entries of one batch. */
const BATCH_ENTRIES_MAX = 256
/** Bytes of values after which a batch ends. */
const BATCH_BYTES_MAX = 262_144

/** Bytes by which a skipped entry counts toward the end of a batch. */
const SKIPPED_ENTRY_BYTES = 64

/** The source of an asynchronous scan's results. */
export interface AsyncScanSource<T> {
  /** Ends the scan when it is aborted. */
  readonly signal: AbortSignalLike | undefined
  /**
   * Returns the next batch, which is empty only at the end, and at every call after the end.
   *
   * @param call - the call of the scan that needs the batch.
   * @param countMax - results for which functions of the caller are called; read-ahead of entries is not limited.
   */
  pull(call: PendingCall, countMax: number): Promise<readonly T[]>
  /** Called before each result of a batch is used. @throws {@link LdbError} LDB_ABORTED, LDB_CLOSED. */
  check(): void
  /** Ends the source and releases its pinned state. Idempotent. */
  close(): void
}

/**
 * The entries of a range in batches, in the state at construction (S1). The pages of the next batch load while the
 * caller processes the current one. Releases the pinned state after the last entry, on close, and when the database
 * closes (S2).
 */
export class AsyncEntrySource<K, V, T> implements AsyncScanSource<T> {
  readonly signal: AbortSignalLike | undefined
  readonly #api: AsyncApi
  readonly #source: ReadSource
  readonly #codec: KeyspaceCodec<K, V>
  readonly #range: ResolvedRange
  readonly #part: EntryPart
  /** Pinned at the call that created the scan. A call that waits for an earlier one pins afterwards. */
  #pin: ReadPin | undefined = undefined
  #lease: ReadLease | undefined = undefined
  readonly #step: () => boolean
  #cursor: RetryableCursor | undefined = undefined
  /** Entries that are not returned yet, and entries of the offset that are not skipped yet. */
  #remaining: number
  #skip: number
  #started = false
  /** The cursor is on the next entry, of which a page was missing. */
  #moved = false
  /** Bytes of the current entry, borrowed from the cursor. */
  #key: Uint8Array | undefined = undefined
  #value: Uint8Array | undefined = undefined
  #prefetch: Promise<void> | undefined = undefined
  #isEnded = false

  /** @param owner - the order of the calls before which the scan was created. */
  constructor(
    api: AsyncApi,
    owner: CallOrder,
    source: ReadSource,
    codec: KeyspaceCodec<K, V>,
    read: {
      readonly range: ResolvedRange
      readonly part: EntryPart
      readonly signal: AbortSignalLike | undefined
    },
  ) {
    this.#api = api
    this.#source = source
    this.#codec = codec
    this.#range = read.range
    this.#part = read.part
    this.signal = read.signal
    this.#remaining = read.range.empty ? 0 : read.range.limit
    this.#skip = read.range.offset
    this.#step = (): boolean => this.#advance()
    if (!owner.isBlocked) this.#acquire()
    if (this.#remaining === 0) this.#end()
  }

  async pull(): Promise<readonly T[]> {
    const { gate } = this.#api
    const batch: T[] = []
    if (gate.isSliceOver) await gate.yieldThread()
    let missCount = 0
    while (!this.#isEnded && batch.length === 0) {
      const ahead = this.#prefetch
      this.#prefetch = undefined
      if (ahead !== undefined) await untilAborted(ahead, this.signal)
      throwIfAborted(this.signal)
      const skipBefore = this.#skip
      if (this.#collect(batch, missCount >= MISSES_MAX)) {
        missCount++
        this.#prefetch = this.#prefetchMissed()
      }
      if (this.#skip !== skipBefore) missCount = 0
      if (gate.isSliceOver) await gate.yieldThread()
    }
    return batch
  }

  check(): void {
    throwIfAborted(this.signal)
    this.#api.health.assertOpen()
  }

  close(): void {
    this.#end()
  }

  /** Adds resident entries to the batch. Returns true when it stopped at a missing page. */
  #collect(batch: T[], mayBlock: boolean): boolean {
    const { gate } = this.#api
    let byteCount = 0
    while (batch.length < BATCH_ENTRIES_MAX && byteCount < BATCH_BYTES_MAX) {
      if (this.#isEnded) return false
      const pin = this.#pin ?? this.#acquire()
      pin.assertPinned()
      this.#cursor ??= new RetryableCursor(pin.openCursor(this.#range))
      const found = mayBlock ? this.#step() : gate.attempt(this.#step)
      if (found === READ_MISS) return true
      if (!found) {
        this.#end()
        return false
      }
      if (this.#skip > 0) {
        this.#skip--
        byteCount += SKIPPED_ENTRY_BYTES
      } else {
        byteCount += this.#decode(batch)
        if (--this.#remaining === 0) this.#end()
      }
      if (mayBlock) return false
    }
    return false
  }

  /** Moves to the next entry and reads its requested parts. A retry after a miss does not move again. */
  #advance(): boolean {
    const cursor = this.#cursor as RetryableCursor
    if (!this.#moved) {
      const { reverse } = this.#range
      const found = this.#started
        ? reverse
          ? cursor.previous()
          : cursor.next()
        : reverse
          ? cursor.last()
          : cursor.first()
      this.#started = true
      if (!found) return false
      this.#moved = true
    }
    if (this.#skip === 0) {
      this.#key = cursor.cursor.key
      if (this.#part !== 'key') this.#value = cursor.cursor.value
    }
    this.#moved = false
    return true
  }

  /** Decodes the current entry into the batch, and returns its size in bytes. */
  #decode(batch: T[]): number {
    const codec = this.#codec
    const key = this.#key as Uint8Array
    const value = this.#value as Uint8Array
    if (this.#part === 'key') {
      batch.push(decodeBorrowedKey(codec, key) as unknown as T)
      return key.length
    }
    const valueBytes = value.length
    if (this.#part === 'value') batch.push(decodeBorrowedValue(codec, value) as unknown as T)
    else batch.push([decodeBorrowedKey(codec, key), decodeBorrowedValue(codec, value)] as unknown as T)
    return valueBytes
  }

  /** Starts to load the missing page. The next batch reports a failure. */
  #prefetchMissed(): Promise<void> {
    const fetched = this.#api.gate.fetchMissed()
    fetched.catch(() => undefined)
    return fetched
  }

  #acquire(): ReadPin {
    const pin = this.#source.acquire()
    this.#pin = pin
    this.#lease = this.#source.registerRead('scan', pin, this)
    return pin
  }

  #end(): void {
    if (this.#isEnded) return
    this.#isEnded = true
    const pin = this.#pin
    if (pin === undefined) return
    if (this.#cursor !== undefined) pin.closeCursor(this.#cursor.cursor)
    this.#source.closeRead(this.#lease)
  }
}
