import type { BatchSection } from '@ldb/base'
import type { OpenedStore } from './open.js'

/** Bytes of an operation besides key and value. */
const OPERATION_BYTES = 64
/** A larger section is released after it is applied. */
export const SECTION_BYTES_KEPT: number = 1 << 20

/** Flush work in bytes for each byte that is applied while a memtable is frozen. */
const FLUSH_PACE = 4
/**
 * Compaction work in bytes for each byte that is applied while one is needed, with no more tables in level 0 than start a compaction, and
 * with many more. The work that a write causes in the long run is below the first; the rest is debt.
 */
const COMPACTION_PACE_MIN = 6
const COMPACTION_PACE_MAX = 16
/** Frozen memtables that a commit leaves to be flushed. */
const FROZEN_MAX = 1
/** Tables in level 0 above which a commit waits for a compaction. */
const LEVEL0_TABLES_MAX = 24
/** Longest time for which one commit then waits for another thread, in ms. */
const THREAD_WAIT_MS = 80

/** Returns about how many bytes a section takes in a memtable. */
export function memoryOf({ start, end, operationCount }: BatchSection): number {
  return end - start + operationCount * OPERATION_BYTES
}

/** Freezes the active memtable when a section does not fit. Waits for background work that is too far behind. */
export function makeRoom(opened: OpenedStore, byteCount: number): void {
  const { state, options, work, persistence } = opened
  if (state.active.isEmpty || state.active.byteCount + byteCount <= options.memtableBytes) return
  // Not after a section that was much larger than a memtable.
  state.freeze(state.active.byteCount <= 2 * options.memtableBytes)
  if (persistence.isCheckpointDue(options.memtableBytes)) options.observer.wantsCheckpoint()
  if (state.memtables.length - 1 > FROZEN_MAX) {
    wait(opened, 'flush', () => state.memtables.length - 1 > FROZEN_MAX && work.flushStep() > 0)
  }
  const isBehind = (): boolean => state.version.level(0).length > LEVEL0_TABLES_MAX
  if (!isBehind()) return
  wait(opened, 'compaction', () => {
    if (!work.isDelegated) return isBehind() && (work.compactionStep() > 0 || work.isDelegated)
    // The commits that follow wait as well, and level 0 cannot outgrow the limit by far.
    work.waitForCompaction(THREAD_WAIT_MS)
    return false
  })
}

/** Reports whether a commit has background work to run. */
export function hasWork({ state, work }: OpenedStore): boolean {
  return state.oldestFrozen !== undefined || work.isCompactionNeeded
}

/** Reports whether work is due that a store does when nothing else has to be done: a compaction, or a checkpoint that returns space. */
export function isIdleWorkDue({ work, persistence, options }: OpenedStore): boolean {
  return work.isIdleCompactionDue || persistence.isCheckpointDue(options.memtableBytes)
}

/** Runs background work in proportion to the bytes applied, so that it keeps up with a caller that never yields. */
export function workFor({ state, work, persistence, options }: OpenedStore, byteCount: number): void {
  const { version } = state
  work.credit(byteCount, FLUSH_PACE, compactionPace(version.level(0).length))
  // A compaction has replaced tables, whose files the next checkpoint deletes.
  if (state.version !== version && persistence.isCheckpointDue(options.memtableBytes))
    options.observer.wantsCheckpoint()
}

/** A pace that grows with the debt, so that commits share the work evenly instead of doing much of it at once and then none. */
function compactionPace(level0Tables: number): number {
  return Math.min(COMPACTION_PACE_MAX, Math.max(COMPACTION_PACE_MIN, level0Tables))
}

/** Runs steps until one returns false, and reports the stall. */
function wait({ vfs, options }: OpenedStore, reason: 'flush' | 'compaction', step: () => boolean): void {
  const startMs = vfs.clock.monotonic()
  while (step());
  options.observer.stalled(reason, vfs.clock.monotonic() - startMs)
}
