import { copyBytes } from '@ldb/base'
import type { StoreSnapshot, ValuePredicate } from '@ldb/base'
import type { Clock } from '@ldb/vfs'
import { expiryOf } from '../blob/value-header.js'
import type { Expiry } from '../values/expiry.js'
import type { KeyspaceStore } from '../keyspace/store.js'
import { RetryableCursor } from '../resident/retryable-cursor.js'

/** Entries that a time slice examines, and expired ones that it collects: about half a millisecond, their removal included. */
const EXAMINED_MAX = 2048
const COLLECTED_MAX = 128
/** Fewer expired entries are removed only when the keyspace was not walked for a while. */
const EXPIRED_MIN = 1024
/** Expired entries for which a keyspace is walked, as a share of its entries: the walk examines at most 16 for each that it removes. */
const SHARE_MIN = 1 / 16
/** Pause after a walk, as a multiple of its duration, before the next one for few expired entries. */
const REST_RATIO = 100
const REST_MS_MIN = 1000
const REST_MS_MAX = 60_000
/** Pause between slices of a walk that finds few expired entries, as a multiple of the duration of a slice. */
const PAUSE_RATIO = 20

/**
 * The sweep of one keyspace: decides when to walk through it, and collects the expired entries of a walk in time slices.
 *
 * A walk begins when a sixteenth of the entries have probably expired, and at least {@link EXPIRED_MIN}; for fewer when the keyspace was
 * not walked for a while; and once after the database was opened, because nothing is known of its entries.
 */
export class KeyspaceSweep {
  readonly keyspace: KeyspaceStore
  readonly #expiry: Expiry
  readonly #clock: Clock
  #isWalking = false
  /** No walk has been completed since the database was opened. */
  #isUnknown = true
  /** Key at which the next slice of the walk begins. */
  #position: Uint8Array | undefined = undefined
  /** Expired entries that were expected when the walk began. */
  #expectedCount = 0
  #examinedCount = 0
  #collectedCount = 0
  #walkMs = 0
  /** Entries that the last walk has left. */
  #keptCount = 0
  /** Expired entries for which the next walk begins, as a share of all entries. */
  #share = SHARE_MIN
  /** Time of the monotonic clock from which the walk continues, or one for few expired entries begins. */
  #resumeAtMs = 0

  constructor(keyspace: KeyspaceStore, expiry: Expiry, clock: Clock) {
    this.keyspace = keyspace
    this.#expiry = expiry
    this.#clock = clock
  }

  /** Returns the milliseconds after which a slice is due: 0 when it is, `Infinity` when nothing is known to expire. */
  delayMs(): number {
    const { times } = this.#expiry
    const nowMs = this.#clock.now()
    times.advance(nowMs)
    const resumeMs = Math.max(0, this.#resumeAtMs - this.#clock.monotonic())
    if (this.#isWalking || this.#isUnknown) return resumeMs
    if (times.expiredCount >= this.#expiredMin) return 0
    const untilNextMs = Math.max(0, times.earliest - nowMs)
    return times.expiredCount > 0 ? Math.min(resumeMs, untilNextMs) : untilNextMs
  }

  /** Expired entries for which a walk begins at once. */
  get #expiredMin(): number {
    return Math.max(EXPIRED_MIN, (this.#keptCount + this.#expiry.times.noteCount) * this.#share)
  }

  /** Begins the next slice, which its caller performs, closes, and ends with `endSlice` if it was complete. */
  beginSlice(): SweepSlice {
    if (!this.#isWalking) this.#begin()
    return new SweepSlice(this.keyspace, this.#position, this.#expiry, this.#clock)
  }

  #begin(): void {
    const { times } = this.#expiry
    this.#isWalking = true
    this.#position = undefined
    this.#expectedCount = times.expiredCount
    this.#examinedCount = 0
    this.#collectedCount = 0
    this.#walkMs = 0
    times.beginCensus()
  }

  /** Notes what a slice has found. */
  endSlice({ expiredKeys, position, examinedCount, elapsedMs }: SweepSlice): void {
    const endedAtMs = this.#clock.monotonic()
    this.#position = position
    this.#examinedCount += examinedCount
    this.#collectedCount += expiredKeys.length
    this.#walkMs += elapsedMs
    const isSparse = expiredKeys.length < (examinedCount + expiredKeys.length) * SHARE_MIN
    this.#resumeAtMs =
      endedAtMs + (isSparse && this.#expectedCount < EXPIRED_MIN ? elapsedMs * PAUSE_RATIO : 0)
    if (position === undefined) this.#end(endedAtMs)
  }

  #end(endedAtMs: number): void {
    this.#isWalking = false
    this.#isUnknown = false
    this.#keptCount = this.#examinedCount
    // Many entries were overwritten before they expired: walks for as many expected ones would find little.
    if (this.#collectedCount * 2 < this.#expectedCount) this.#share = Math.min(1, this.#share * 2)
    else this.#share = Math.max(SHARE_MIN, this.#share / 2)
    this.#resumeAtMs = endedAtMs + Math.min(REST_MS_MAX, Math.max(REST_MS_MIN, this.#walkMs * REST_RATIO))
  }
}

/** A time slice of a walk: collects the keys of expired entries. A step that missed a page is retried. */
export class SweepSlice {
  /** Keys of expired entries, in order. */
  readonly expiredKeys: Uint8Array[] = []
  /** Key at which the next slice begins; `undefined` at the end of the keyspace. */
  position: Uint8Array | undefined
  /** Number of entries that have not expired. */
  examinedCount = 0
  /** Duration of its steps, without the waits in between. */
  elapsedMs = 0
  readonly #view: StoreSnapshot
  readonly #cursor: RetryableCursor
  readonly #clock: Clock
  readonly #isLive: ValuePredicate
  #isPositioned = false
  /** The current entry of the cursor is examined: the cursor moves next. */
  #mustMove = true
  #found = false
  /** The examined entry has expired. */
  #isExpired = false

  constructor(keyspace: KeyspaceStore, position: Uint8Array | undefined, { times }: Expiry, clock: Clock) {
    this.position = position
    this.#clock = clock
    this.#view = keyspace.rawStore.snapshot()
    this.#cursor = new RetryableCursor(this.#view.cursor())
    const nowMs = clock.now()
    this.#isLive = (bytes, start, end): boolean => {
      if (this.examinedCount >= EXAMINED_MAX) return false
      const expiresAt = expiryOf(bytes, start, end)
      this.#isExpired = expiresAt <= nowMs
      if (this.#isExpired) return false
      this.examinedCount++
      if (expiresAt !== Infinity) times.note(expiresAt, expiresAt - nowMs)
      return true
    }
  }

  /** Performs the slice. */
  step(): void {
    const startedAtMs = this.#clock.monotonic()
    this.#collect()
    this.elapsedMs += this.#clock.monotonic() - startedAtMs
  }

  /** Releases its snapshot. */
  close(): void {
    this.#cursor.cursor.close()
    this.#view.release()
  }

  #collect(): void {
    const cursor = this.#cursor
    for (;;) {
      if (this.#mustMove) this.#found = this.#move()
      this.#mustMove = false
      if (!this.#found) {
        this.position = undefined
        return
      }
      this.#isExpired = false
      if (cursor.skipWhile(1, this.#isLive) >= 0) {
        this.position = copyBytes(cursor.cursor.key)
        if (!this.#isExpired) return
        this.expiredKeys.push(this.position)
        if (this.expiredKeys.length >= COLLECTED_MAX) return
      }
      this.#mustMove = true
    }
  }

  #move(): boolean {
    if (this.#isPositioned) return this.#cursor.next()
    const { position } = this
    const found = position === undefined ? this.#cursor.first() : this.#cursor.seek(position, position.length)
    this.#isPositioned = true
    return found
  }
}
