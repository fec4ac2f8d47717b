import { invalidArgument, writeU64 } from '@ldb/base'
import type { Clock } from '@ldb/vfs'
import { ExpiryTimes } from './expiry-times.js'
import {
  TTL_MS_MAX,
  VALUE_HEADER_BYTES,
  VALUE_HEADER_MARK,
  VALUE_HEADER_OFFSET_EXPIRES_AT,
} from '../format.js'

/** @throws {@link LdbError} LDB_INVALID_ARGUMENT unless it is a number of milliseconds, `Infinity` or `undefined`. */
export function resolveTtl(value: unknown): number | undefined {
  if (value === undefined || value === Infinity) return value
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= TTL_MS_MAX) return value
  throw invalidArgument('ttlMs must be a whole number of milliseconds from 1 on, or Infinity')
}

/** Encodes the headers of the values of one keyspace that may expire, in the log and in the store (FORMAT.md). */
export class Expiry {
  readonly clock: Clock
  /** Estimates how many entries have expired, for the sweep. */
  readonly times: ExpiryTimes = new ExpiryTimes()

  constructor(clock: Clock) {
    this.clock = clock
  }

  /** Prepends a header to a value that lives for `ttlMs`; `Infinity` for no expiry. */
  encode(value: Uint8Array, ttlMs: number): Uint8Array {
    if (ttlMs === Infinity) return withHeader(value, 0)
    const expiresAt = Math.min(Number.MAX_SAFE_INTEGER, Math.max(1, Math.ceil(this.clock.now() + ttlMs)))
    this.times.note(expiresAt, ttlMs)
    return withHeader(value, expiresAt)
  }

  /** Prepends a header to a value that expires at a time of the wall clock, in milliseconds. */
  encodeUntil(value: Uint8Array, expiresAt: number): Uint8Array {
    this.times.note(expiresAt, Math.max(1, expiresAt - this.clock.now()))
    return withHeader(value, expiresAt)
  }
}

/** @param expiresAt - 0 for never. */
function withHeader(value: Uint8Array, expiresAt: number): Uint8Array {
  const encoded = new Uint8Array(VALUE_HEADER_BYTES + value.length)
  encoded.set(VALUE_HEADER_MARK)
  if (expiresAt > 0) writeU64(encoded, VALUE_HEADER_OFFSET_EXPIRES_AT, expiresAt)
  encoded.set(value, VALUE_HEADER_BYTES)
  return encoded
}
