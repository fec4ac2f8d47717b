import { ownBounds, ownProperty } from '@ldb/base'
import type { CompactionRequest, KeyBounds, StoreLog, Syncable, TaskSteps } from '@ldb/base'
import type { Memtable } from '../memtable/memtable.js'
import type { KeyRange } from '../table/table-meta.js'
import { renewalSteps } from './key-renewal.js'
import type { OpenedStore } from './open.js'

/** The steps of a checkpoint: flushes the memtables that were frozen for it, and makes the tables durable. */
export function* checkpointSteps(
  { state, work, persistence }: OpenedStore,
  frozen: ReadonlySet<Memtable>,
  log: StoreLog,
  timeSlice: Syncable | undefined,
): TaskSteps {
  for (
    let oldest = state.oldestFrozen;
    oldest !== undefined && frozen.has(oldest);
    oldest = state.oldestFrozen
  ) {
    work.flushStep()
    if (timeSlice !== undefined) yield timeSlice
  }
  yield* persistence.steps(log, timeSlice)
}

/** The steps of a compaction: flushes all memtables, compacts, and makes the tables durable. */
export function* compactionTaskSteps(
  opened: OpenedStore,
  request: CompactionRequest,
  log: StoreLog,
  timeSlice: Syncable | undefined,
): TaskSteps {
  const { work, persistence } = opened
  const { effort, bounds, isInterrupted } = request
  const renewal = ownProperty(request, 'renewal', 'the request')
  if (renewal !== undefined) {
    yield* renewalSteps(opened, renewal, log, timeSlice)
    return
  }
  while (work.flushStep() > 0) if (timeSlice !== undefined) yield timeSlice
  if (effort === 'full') work.beginRange(rangeOf(bounds))
  const step = (): boolean => {
    if (effort === 'full') return work.continueCompaction()
    if (effort !== 'idle') return work.compactionStep() > 0
    return isInterrupted?.() !== true && work.idleCompactionStep() > 0
  }
  while (step()) if (timeSlice !== undefined) yield timeSlice
  yield* persistence.steps(log, timeSlice)
}

/** Returns the range of bounds; `undefined` for all keys. */
export function rangeOf(bounds: KeyBounds | undefined): KeyRange | undefined {
  if (bounds === undefined) return undefined
  const { lower = new Uint8Array(0), upper } = ownBounds(bounds)
  return { lower, upper }
}
