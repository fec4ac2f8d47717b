import type { CallOptions } from '../driver/call-options.js'
import type { DriverKeyspace } from '../driver/driver-keyspace.js'
import type { DriverTransaction, RangePage } from '../driver/driver-transaction.js'
import type { ReadPage } from './range-pages.js'
import type { ScanRequest } from './read-source.js'

/** Reads pages of a keyspace through a transaction of the driver. */
export function pageReader(
  keyspace: DriverKeyspace,
  { reverse, valueBytes }: ScanRequest,
  read: (
    call: (transaction: DriverTransaction, options: CallOptions) => Promise<RangePage>,
  ) => Promise<RangePage>,
): ReadPage {
  return ({ lower, upper }, limit) =>
    read((transaction, options) =>
      transaction.range({ keyspace, lower, upper, reverse, limit, valueBytes }, options),
    )
}
