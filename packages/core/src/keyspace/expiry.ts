import { invalidArgument, readU64, writeU64 } from '@ldb/base'
import type { Clock } from '@ldb/vfs'
import { EXPIRY_HEADER_BYTES, EXPIRY_MARK, EXPIRY_OFFSET_EXPIRES_AT, TTL_MS_MAX } from '../format.js'

const [MARK_0, MARK_1, MARK_2, MARK_3] = EXPIRY_MARK

/** @throws {@link LdbError} LDB_INVALID_ARGUMENT unless it is a number of milliseconds, `Infinity`, or nothing. */
export function resolveTtl(value: unknown): number | undefined {
  if (value === undefined || value === Infinity) return value
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= TTL_MS_MAX) return value
  throw invalidArgument('ttlMs must be a whole number of milliseconds from 1 on, or Infinity')
}

/** The times of the values of one keyspace. One that may expire stands behind a mark and its time, in the log and in the store. */
export class Expiry {
  readonly clock: Clock

  constructor(clock: Clock) {
    this.clock = clock
  }

  /** Puts a value behind the time at which its life is over; `Infinity` for never. */
  seal(value: Uint8Array, lifeMs: number): Uint8Array {
    const sealed = new Uint8Array(EXPIRY_HEADER_BYTES + value.length)
    sealed.set(EXPIRY_MARK)
    if (lifeMs !== Infinity) {
      const expiresAt = Math.min(Number.MAX_SAFE_INTEGER, Math.max(1, Math.ceil(this.clock.now() + lifeMs)))
      writeU64(sealed, EXPIRY_OFFSET_EXPIRES_AT, expiresAt)
    }
    sealed.set(value, EXPIRY_HEADER_BYTES)
    return sealed
  }

  /** Returns the value, borrowed from what it is kept in; `undefined` when its time is over. */
  open(kept: Uint8Array | undefined, nowMs: number): Uint8Array | undefined {
    return kept === undefined || isExpired(kept, nowMs) ? undefined : unsealed(kept)
  }
}

/** Reports whether a value stands behind a mark and a time, or looks as if it did: then it must be put behind one. */
export function isSealed(kept: Uint8Array): boolean {
  return (
    kept[0] === MARK_0 &&
    kept.length >= EXPIRY_HEADER_BYTES &&
    kept[1] === MARK_1 &&
    kept[2] === MARK_2 &&
    kept[3] === MARK_3
  )
}

/** Reports whether a value has a time that is over. */
export function isExpired(kept: Uint8Array, nowMs: number): boolean {
  if (!isSealed(kept)) return false
  const expiresAt = readU64(kept, EXPIRY_OFFSET_EXPIRES_AT)
  return expiresAt !== 0 && expiresAt <= nowMs
}

/** Returns the value without its time, borrowed. */
export function unsealed(kept: Uint8Array): Uint8Array {
  return isSealed(kept) ? kept.subarray(EXPIRY_HEADER_BYTES) : kept
}
