import { resolveRange, utf8Keys } from '@ldb/base'
import type { RangeOptions } from '@ldb/base'
import { AUTOMATIC_CHECKPOINT } from './commit/checkpoint-options.js'
import type { OpenDatabase } from './open/open-database.js'
import type { SpaceBudget } from './space/space-budget.js'

/** Syncs the log; documented where it is exported, as `Database.sync`. */
export function syncDatabase({ pipeline, health, log, changeSignal }: OpenDatabase): void {
  pipeline.drain()
  health.assertWritable()
  try {
    log.sync()
  } catch (error) {
    health.fail(error, false)
    throw error
  }
  // Commits that were buffered in the process are now readable by change streams.
  changeSignal.wake()
}

/** Checkpoints every keyspace; documented where it is exported, as `Database.checkpoint`. */
export function checkpointDatabase(database: OpenDatabase): void {
  const { pipeline, health, checkpointer, space } = database
  pipeline.drain()
  health.assertWritable()
  // On a full device, it returns what it can.
  const collection = space.isShort ? database.collection : undefined
  collection?.examineNow()
  checkpointer.run(pipeline, { ...AUTOMATIC_CHECKPOINT, effort: explicitEffort(space) })
  collection?.collectNow()
}

/** Returns the work that an explicit checkpoint may spend on compaction: on a full device whatever returns space. */
export function explicitEffort(space: SpaceBudget): 'explicit' | 'shrink' {
  return space.isShort ? 'shrink' : 'explicit'
}

/** Compacts every keyspace; documented where it is exported, as `Database.compact`. */
export function compactDatabase(
  { pipeline, health, checkpointer, collection }: OpenDatabase,
  range: RangeOptions<string> | undefined,
): void {
  pipeline.drain()
  health.assertWritable()
  const { lower, upper } = resolveRange(range, utf8Keys)
  collection?.examineNow()
  checkpointer.run(pipeline, { ...AUTOMATIC_CHECKPOINT, effort: 'full', bounds: { lower, upper } })
  collection?.collectNow()
}
