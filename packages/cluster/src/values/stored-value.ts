import { corruption, invalidArgument, ownOptions, readU64 } from '@ldb/base'
import {
  StoredKind,
  TTL_MS_MAX,
  VALUE_HEADER_BYTES,
  VALUE_HEADER_EXPIRES_AT_OFFSET,
  VALUE_HEADER_KIND_OFFSET,
} from '../format.js'

/**
 * Returns when a stored value expires: milliseconds since 1970, Infinity for never.
 *
 * @throws {@link LdbError} LDB_CORRUPTION for a header that FORMAT.md does not describe.
 */
export function expiryOf(stored: Uint8Array): number {
  const kind = stored[VALUE_HEADER_KIND_OFFSET]
  if (kind === StoredKind.plain) return Infinity
  if (kind !== StoredKind.expiring || stored.length < VALUE_HEADER_BYTES) throw badHeader(kind)
  const expiresAt = readU64(stored, VALUE_HEADER_EXPIRES_AT_OFFSET)
  if (expiresAt < 1) throw badHeader(kind)
  return expiresAt
}

/** Returns the encoded value in a stored value, without a copy; `undefined` when it has expired. @throws as `expiryOf`. */
export function valueOf(stored: Uint8Array, nowMs: number): Uint8Array | undefined {
  if (stored[VALUE_HEADER_KIND_OFFSET] === StoredKind.plain)
    return stored.subarray(VALUE_HEADER_EXPIRES_AT_OFFSET)
  return expiryOf(stored) <= nowMs ? undefined : stored.subarray(VALUE_HEADER_BYTES)
}

/** Returns when an entry expires that is written now. @param ttlMs - Infinity for never. */
export function expiryAfter(nowMs: number, ttlMs: number): number {
  return ttlMs === Infinity
    ? Infinity
    : Math.min(Number.MAX_SAFE_INTEGER, Math.max(1, Math.ceil(nowMs + ttlMs)))
}

/** @throws {@link LdbError} LDB_INVALID_ARGUMENT unless it is a number of milliseconds, `Infinity` or `undefined`. */
export function checkTtl(value: unknown): number | undefined {
  if (value === undefined || value === Infinity) return value
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= TTL_MS_MAX) return value
  throw invalidArgument('ttlMs must be a whole number of milliseconds from 1 on, or Infinity')
}

/** Returns the time to live of a batch operation. @throws {@link LdbError} LDB_INVALID_ARGUMENT. */
export function ttlOf(options: { readonly ttlMs?: number | undefined } | undefined): number | undefined {
  return options === undefined ? undefined : checkTtl(ownOptions(options, ['ttlMs'] as const).ttlMs)
}

function badHeader(kind: number | undefined): Error {
  return corruption('stored value', VALUE_HEADER_KIND_OFFSET, 'the header of a value is not known', {
    expected: StoredKind.expiring,
    actual: kind ?? -1,
  })
}
