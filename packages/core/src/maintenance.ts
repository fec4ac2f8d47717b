import { resolveRange, utf8Keys } from '@ldb/base'
import type { RangeOptions } from '@ldb/base'
import type { DatabaseParts } from './open/parts.js'

/** Syncs the log; documented where it is exported, as `Database.sync`. */
export function syncDatabase({ pipeline, health, log, events, changeSignal }: DatabaseParts): void {
  pipeline.settle()
  health.assertWritable()
  try {
    log.sync()
  } catch (error) {
    health.poison(error, false)
    events.emit('error', { error })
    throw error
  }
  // Commits that were buffered in the process are now readable by change streams.
  changeSignal.wake()
}

/** Checkpoints every keyspace; documented where it is exported, as `Database.checkpoint`. */
export function checkpointDatabase({ pipeline, health, checkpointer }: DatabaseParts): void {
  pipeline.settle()
  health.assertWritable()
  checkpointer.run(pipeline, { effort: 'explicit' })
}

/** Compacts every keyspace; documented where it is exported, as `Database.compact`. */
export function compactDatabase(
  { pipeline, health, checkpointer }: DatabaseParts,
  range: RangeOptions<string> | undefined,
): void {
  pipeline.settle()
  health.assertWritable()
  resolveRange(range, utf8Keys)
  checkpointer.run(pipeline, { effort: 'full' })
}
