import { assert, invalidArgument, readU64, writeU64 } from '@ldb/base'
import type { Clock } from '@ldb/vfs'
import { EXPIRY_HEADER_BYTES, EXPIRY_OFFSET_EXPIRES_AT } from './format.js'

/** Greatest time to live: some 285,000 years, so that every moment stays a safe integer. */
const TTL_MS_MAX = Number.MAX_SAFE_INTEGER - 2 ** 52

/** @throws {@link LdbError} LDB_INVALID_ARGUMENT unless it is a number of milliseconds, `Infinity`, or nothing. */
export function resolveTtl(value: unknown): number | undefined {
  if (value === undefined || value === Infinity) return value
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= TTL_MS_MAX) return value
  throw invalidArgument('ttlMs must be a whole number of milliseconds from 1 on, or Infinity')
}

/** The times of the values of one keyspace. Values stand behind their time, in the log and in the store. */
export class Expiry {
  readonly clock: Clock
  /** For entries that say nothing. */
  defaultTtlMs: number = Infinity

  constructor(clock: Clock) {
    this.clock = clock
  }

  /** Puts a value behind its time. */
  seal(value: Uint8Array, ttlMs: number | undefined): Uint8Array {
    const sealed = new Uint8Array(EXPIRY_HEADER_BYTES + value.length)
    const lifeMs = ttlMs ?? this.defaultTtlMs
    if (lifeMs !== Infinity) {
      const expiresAt = Math.min(Number.MAX_SAFE_INTEGER, Math.max(1, Math.ceil(this.clock.now() + lifeMs)))
      writeU64(sealed, EXPIRY_OFFSET_EXPIRES_AT, expiresAt)
    }
    sealed.set(value, EXPIRY_HEADER_BYTES)
    return sealed
  }

  /** Gives the value, borrowed from what it was sealed in; `undefined` when its time is over. */
  open(sealed: Uint8Array | undefined, nowMs: number): Uint8Array | undefined {
    return sealed === undefined || isExpired(sealed, nowMs) ? undefined : unsealed(sealed)
  }
}

/** Tells whether the time of a sealed value is over. */
export function isExpired(sealed: Uint8Array, nowMs: number): boolean {
  assert(sealed.length >= EXPIRY_HEADER_BYTES, 'a value that may expire has its time in front')
  const expiresAt = readU64(sealed, EXPIRY_OFFSET_EXPIRES_AT)
  return expiresAt !== 0 && expiresAt <= nowMs
}

/** Gives the value behind its time, borrowed. */
export function unsealed(sealed: Uint8Array): Uint8Array {
  return sealed.subarray(EXPIRY_HEADER_BYTES)
}
