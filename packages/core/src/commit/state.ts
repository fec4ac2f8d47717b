import type { ValueWriter } from '../blob/value-writer.js'
import type { Health } from '../health/health.js'
import type { KeyspaceTable } from '../keyspace/table.js'
import type { CommitLog } from '../log/commit-log.js'
import type { Scheduler } from '@ldb/vfs'
import type { SpaceBudget } from '../space/space-budget.js'

/** The log and the stores of an open database, and whether they may be read and written. */
export interface DatabaseState {
  readonly health: Health
  readonly log: CommitLog
  readonly keyspaces: KeyspaceTable
  readonly space: SpaceBudget
  /** Writes large values to blob files; `undefined` where there are none. */
  readonly values: ValueWriter | undefined
  readonly scheduler: Scheduler
}
