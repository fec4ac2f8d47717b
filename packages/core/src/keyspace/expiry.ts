import { invalidArgument, readU64, writeU64 } from '@ldb/base'
import type { Clock } from '@ldb/vfs'
import { EXPIRY_HEADER_BYTES, EXPIRY_MARK, EXPIRY_OFFSET_EXPIRES_AT, TTL_MS_MAX } from '../format.js'

const [MARK_0, MARK_1, MARK_2, MARK_3] = EXPIRY_MARK

/** @throws {@link LdbError} LDB_INVALID_ARGUMENT unless it is a number of milliseconds, `Infinity` or `undefined`. */
export function resolveTtl(value: unknown): number | undefined {
  if (value === undefined || value === Infinity) return value
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= TTL_MS_MAX) return value
  throw invalidArgument('ttlMs must be a whole number of milliseconds from 1 on, or Infinity')
}

/** Encodes and decodes the expiry headers of the values of one keyspace, in the log and in the store (FORMAT.md). */
export class Expiry {
  readonly clock: Clock

  constructor(clock: Clock) {
    this.clock = clock
  }

  /** Prepends an expiry header to a value that lives for `ttlMs`; `Infinity` for no expiry. */
  encode(value: Uint8Array, ttlMs: number): Uint8Array {
    const encoded = new Uint8Array(EXPIRY_HEADER_BYTES + value.length)
    encoded.set(EXPIRY_MARK)
    if (ttlMs !== Infinity) {
      const expiresAt = Math.min(Number.MAX_SAFE_INTEGER, Math.max(1, Math.ceil(this.clock.now() + ttlMs)))
      writeU64(encoded, EXPIRY_OFFSET_EXPIRES_AT, expiresAt)
    }
    encoded.set(value, EXPIRY_HEADER_BYTES)
    return encoded
  }

  /** Returns a stored value without its expiry header, borrowed; `undefined` when it has expired. */
  decode(stored: Uint8Array | undefined, nowMs: number): Uint8Array | undefined {
    return stored === undefined || isExpired(stored, nowMs) ? undefined : rawValue(stored)
  }
}

/**
 * Reports whether a stored value begins with an expiry header. A user value for which this is true must be stored behind a header, even
 * without expiry.
 */
export function hasExpiryHeader(stored: Uint8Array): boolean {
  return (
    stored[0] === MARK_0 &&
    stored.length >= EXPIRY_HEADER_BYTES &&
    stored[1] === MARK_1 &&
    stored[2] === MARK_2 &&
    stored[3] === MARK_3
  )
}

/** Reports whether a stored value has expired. */
export function isExpired(stored: Uint8Array, nowMs: number): boolean {
  if (!hasExpiryHeader(stored)) return false
  const expiresAt = readU64(stored, EXPIRY_OFFSET_EXPIRES_AT)
  return expiresAt !== 0 && expiresAt <= nowMs
}

/** Returns a stored value without its expiry header, borrowed. */
export function rawValue(stored: Uint8Array): Uint8Array {
  return hasExpiryHeader(stored) ? stored.subarray(EXPIRY_HEADER_BYTES) : stored
}
