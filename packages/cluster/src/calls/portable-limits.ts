import { LdbError, tooLarge } from '@ldb/base'
import type { DriverLimits } from '../driver/driver.js'
import { VALUE_HEADER_BYTES } from '../format.js'

/**
 * Limits that every supported engine keeps: data within them can move between all of them, and to an embedded database.
 *
 * @remarks The value limit is that of the encoded value: 100,000 bytes less its header.
 * @category Limits
 */
export const PORTABLE_LIMITS: DriverLimits = Object.freeze({
  keyBytesMax: 2_048,
  valueBytesMax: 100_000 - VALUE_HEADER_BYTES,
  transactionBytesMax: 1_000_000,
  transactionWritesMax: 1_000,
  transactionReadsMax: Infinity,
  transactionMsMax: 5_000,
  snapshotMsMax: Infinity,
})

/** Returns the limits of a database: those of its driver, and the portable ones too unless `portable` is false. */
export function effectiveLimits(driver: DriverLimits, portable: boolean): DriverLimits {
  const own = { ...driver, valueBytesMax: driver.valueBytesMax - VALUE_HEADER_BYTES }
  if (!portable) return own
  const least = (name: keyof DriverLimits): number => Math.min(own[name], PORTABLE_LIMITS[name])
  return {
    keyBytesMax: least('keyBytesMax'),
    valueBytesMax: least('valueBytesMax'),
    transactionBytesMax: least('transactionBytesMax'),
    transactionWritesMax: least('transactionWritesMax'),
    transactionReadsMax: least('transactionReadsMax'),
    transactionMsMax: least('transactionMsMax'),
    snapshotMsMax: least('snapshotMsMax'),
  }
}

/** @throws {@link LdbError} LDB_TOO_LARGE. */
export function checkKeyBytes(limits: DriverLimits, bytes: Uint8Array): void {
  if (bytes.length > limits.keyBytesMax) throw tooLarge('a key', bytes.length, limits.keyBytesMax)
}

/** @throws {@link LdbError} LDB_TOO_LARGE. */
export function checkValueBytes(limits: DriverLimits, byteCount: number): void {
  if (byteCount > limits.valueBytesMax) throw tooLarge('a value', byteCount, limits.valueBytesMax)
}

/** @throws {@link LdbError} LDB_TOO_LARGE. */
export function checkCommitSize(limits: DriverLimits, writeCount: number, byteCount: number): void {
  if (byteCount > limits.transactionBytesMax)
    throw tooLarge('a commit', byteCount, limits.transactionBytesMax)
  checkCount('writes', writeCount, limits.transactionWritesMax)
}

/** @throws {@link LdbError} LDB_TOO_LARGE. */
export function checkReadCount(limits: DriverLimits, count: number): void {
  checkCount('reads', count, limits.transactionReadsMax)
}

function checkCount(what: string, actual: number, expected: number): void {
  if (actual <= expected) return
  throw new LdbError('LDB_TOO_LARGE', `a transaction of ${actual} ${what} is over the limit of ${expected}`, {
    details: { expected, actual },
  })
}
