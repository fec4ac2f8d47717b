import { invalidArgument } from '@ldb/base'

const COUNT_MAX = 1_000_000

/** @throws {@link LdbError} LDB_INVALID_ARGUMENT unless it is a number of entries that a call may return. */
export function checkEntryCount(count: unknown): void {
  if (Number.isInteger(count) && (count as number) >= 1 && (count as number) <= COUNT_MAX) return
  throw invalidArgument('count must be a whole number from 1 to 1,000,000')
}
