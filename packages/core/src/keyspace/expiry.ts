import { invalidArgument, readU64, writeU64 } from '@ldb/base'
import type { Clock } from '@ldb/vfs'
import { ExpiryTimes } from './expiry-times.js'
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
  /** Estimates how many entries have expired, for the sweep. */
  readonly times: ExpiryTimes = new ExpiryTimes()

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
      this.times.note(expiresAt, ttlMs)
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
  return beginsWithHeader(stored, 0, stored.length)
}

function beginsWithHeader(bytes: Uint8Array, start: number, end: number): boolean {
  return (
    bytes[start] === MARK_0 &&
    end - start >= EXPIRY_HEADER_BYTES &&
    bytes[start + 1] === MARK_1 &&
    bytes[start + 2] === MARK_2 &&
    bytes[start + 3] === MARK_3
  )
}

/** Returns the time at which the stored value between two offsets of a buffer expires; `Infinity` when it never does. */
export function expiryOf(bytes: Uint8Array, start: number, end: number): number {
  if (!beginsWithHeader(bytes, start, end)) return Infinity
  const expiresAt = readU64(bytes, start + EXPIRY_OFFSET_EXPIRES_AT)
  return expiresAt === 0 ? Infinity : expiresAt
}

/** Reports whether a stored value has expired. */
export function isExpired(stored: Uint8Array, nowMs: number): boolean {
  return expiryOf(stored, 0, stored.length) <= nowMs
}

/** Returns a stored value without its expiry header, borrowed. */
export function rawValue(stored: Uint8Array): Uint8Array {
  return hasExpiryHeader(stored) ? stored.subarray(EXPIRY_HEADER_BYTES) : stored
}
