import { isDriverError } from '@ldb/cluster'
import type { CommitOutcome, DriverTransaction } from '@ldb/cluster'
import type { PostgresDriver } from '@ldb/postgres'

/** Counts of commits whose outcome was unknown, and of what they were resolved to. */
export interface UnknownCounts {
  unknown: number
  applied: number
  notApplied: number
}

/** Makes a driver count the outcomes of its commits. */
export function countUnknown(driver: PostgresDriver, counts: UnknownCounts): PostgresDriver {
  const begin = driver.begin.bind(driver)
  const resolve = driver.resolve.bind(driver)
  return Object.assign(driver, {
    begin: (request: Parameters<typeof begin>[0]): DriverTransaction => {
      const transaction = begin(request)
      const commit = transaction.commit.bind(transaction)
      return Object.assign(transaction, {
        commit: async (...args: Parameters<typeof commit>) =>
          commit(...args).catch((error: unknown) => {
            if (isDriverError(error, 'commitUnknown')) counts.unknown++
            throw error
          }),
      })
    },
    resolve: async (...args: Parameters<typeof resolve>): Promise<CommitOutcome> => {
      const outcome = await resolve(...args)
      counts[outcome]++
      return outcome
    },
  })
}
