import type { StoreCursor } from '@ldb/base'
import type { BlobReference } from '@ldb/blob'
import type { Clock } from '@ldb/vfs'
import type { BlobValues } from '../blob/blob-values.js'
import { expiryOf, rawValue, referenceAt } from '../blob/value-header.js'
import type { Expiry } from './expiry.js'
import { ReferringCursor } from './referring-cursor.js'
import type { StoredValueReader } from './stored-value-reader.js'
import { ExpiringCursor } from './expiring-cursor.js'

const NO_BYTES = new Uint8Array(0)

/** Decodes the stored values of one keyspace: removes their headers, hides expired ones, and reads those in blob files. */
export class ValueDecoder implements StoredValueReader {
  readonly #clock: Clock
  readonly #blobs: BlobValues | undefined
  /** During `referenceOr`. */
  #findsReference = false
  #reference: BlobReference | undefined = undefined
  /** During `expiresAt`. */
  #findsExpiry = false
  #expiresAt = Infinity
  /** Encodes expiry; `undefined` while no entry may expire. */
  expiry: Expiry | undefined = undefined

  constructor(clock: Clock, blobs: BlobValues | undefined) {
    this.#clock = clock
    this.#blobs = blobs
  }

  /** Returns the present time by which entries expire; 0 while none may. */
  now(): number {
    return this.expiry === undefined ? 0 : this.#clock.now()
  }

  /** Returns the time by which entries of a state expire that was taken at a time. */
  timeOf(nowMs: number): number {
    return this.expiry === undefined ? 0 : nowMs
  }

  /** Returns the value of an entry, borrowed; `undefined` for an absent or expired one. */
  decode(stored: Uint8Array | undefined, nowMs: number): Uint8Array | undefined {
    if (stored === undefined) return undefined
    const expiresAt = expiryOf(stored, 0, stored.length)
    if (expiresAt <= nowMs) return undefined
    if (!this.#findsExpiry) return this.valueOf(stored)
    this.#expiresAt = expiresAt
    return NO_BYTES
  }

  /**
   * Runs a read of one entry that does not read a value in a blob file.
   *
   * @returns when the entry expires, in milliseconds since 1970: Infinity for never, `undefined` where the read has found none.
   */
  expiresAt(read: () => Uint8Array | undefined): number | undefined {
    this.#findsExpiry = true
    // A state from before any entry could expire is read without this decoder.
    this.#expiresAt = Infinity
    try {
      return read() === undefined ? undefined : this.#expiresAt
    } finally {
      this.#findsExpiry = false
    }
  }

  /**
   * Runs a read of one entry that does not read a value in a blob file.
   *
   * @returns its reference, or what `read` returns where the value is elsewhere.
   */
  referenceOr<T>(read: () => T): BlobReference | T {
    this.#findsReference = true
    this.#reference = undefined
    try {
      const value = read()
      return this.#reference ?? value
    } finally {
      this.#findsReference = false
    }
  }

  /** Returns the value of an entry, expired or not, borrowed. @throws {@link LdbError} LDB_CORRUPTION, LDB_IO. */
  valueOf(stored: Uint8Array): Uint8Array {
    const at = referenceAt(stored, 0, stored.length)
    if (at < 0 || this.#blobs === undefined) return rawValue(stored)
    if (!this.#findsReference) return this.#blobs.read(stored, at)
    this.#reference = this.#blobs.decode(stored, at)
    return NO_BYTES
  }

  /**
   * Returns a cursor of decoded values.
   *
   * @param nowMs - entries that had expired then are skipped; 0 skips none.
   * @param pause - called after some pages of expired entries in one move; may throw to interrupt the move, which is then retried.
   */
  cursor(inner: StoreCursor, nowMs: number, pause?: () => void): StoreCursor {
    return nowMs === 0 ? new ReferringCursor(inner, this) : new ExpiringCursor(inner, this, nowMs, pause)
  }
}
