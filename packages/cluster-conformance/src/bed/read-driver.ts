import { decodeUtf8 } from '@ldb/base'
import type { ClusterDriver, DriverKeyspace, DriverTransaction, RangeRequest } from '@ldb/cluster'
import { begin, bytes, CALL } from './test-bed.js'

/** What of a range is read. */
export type RangePart = Partial<Pick<RangeRequest, 'reverse' | 'limit' | 'valueBytes'>> & {
  readonly gte?: string
  readonly lt?: string
}

/** Returns the text of bytes. */
export function textOf(value: Uint8Array | undefined): string | undefined {
  return value === undefined ? undefined : decodeUtf8(value)
}

/** Returns the values of keys as texts. */
export async function getAll(
  transaction: DriverTransaction,
  keyspace: DriverKeyspace,
  keys: readonly string[],
): Promise<(string | undefined)[]> {
  const read = keys.map((key) => ({ keyspace, key: bytes(key) }))
  return (await transaction.getMany(read, CALL)).map(textOf)
}

/** Returns one page as `key=value`, and whether there is more. */
export async function page(
  transaction: DriverTransaction,
  keyspace: DriverKeyspace,
  { gte, lt, reverse = false, limit = 1_000, valueBytes = Infinity }: RangePart = {},
): Promise<{ readonly entries: string[]; readonly hasMore: boolean }> {
  const lower = gte === undefined ? undefined : bytes(gte)
  const upper = lt === undefined ? undefined : bytes(lt)
  const { entries, hasMore } = await transaction.range(
    { keyspace, lower, upper, reverse, limit, valueBytes },
    CALL,
  )
  return { entries: entries.map(({ key, value }) => `${textOf(key)}=${textOf(value)}`), hasMore }
}

/** Returns all entries of a keyspace, in the newest state. */
export async function readAll(driver: ClusterDriver, keyspace: DriverKeyspace): Promise<string[]> {
  const transaction = begin(driver, { mode: 'readOnly', isolation: 'snapshot', isSingleRead: true })
  const { entries } = await page(transaction, keyspace)
  await transaction.abort()
  return entries
}

/**
 * Returns all entries of a keyspace, as a transaction of the serial order. Where an engine orders a transaction before an earlier commit that it has not read, a
 * snapshot would not show that: only a transaction that has seen the commit, and not the transaction, excludes that order.
 */
export async function readAllSerializable(
  driver: ClusterDriver,
  keyspace: DriverKeyspace,
): Promise<string[]> {
  const transaction = begin(driver, { mode: 'readOnly', isSingleRead: true })
  const { entries } = await page(transaction, keyspace)
  await transaction.finish(CALL)
  return entries
}
