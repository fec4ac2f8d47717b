import { isLdbError, readU32 } from '@ldb/base'
import type { KeyRenewal, StoreLog, Syncable, TaskSteps } from '@ldb/base'
import { LEVEL_COUNT } from '../format.js'
import type { Table } from '../version/table.js'
import type { OpenedStore } from './open.js'

/** Bytes of the number of the data key, with which the trailer of a unit ends. */
const DATA_KEY_ID_BYTES = 4
/** Wait for another thread in a caller that does not yield, in ms. */
const THREAD_WAIT_MS = 1000

/**
 * The steps of a renewal: rewrites the tables that are encrypted with older data keys, one at a time and within their levels, and the
 * manifest; or counts them. Tables of level 0, whose order is that of their age, are compacted together.
 *
 * @remarks A table that cannot be read, or that needs a codec that is not there, stays as it is.
 */
export function* renewalSteps(
  opened: OpenedStore,
  renewal: KeyRenewal,
  log: StoreLog,
  timeSlice: Syncable | undefined,
): TaskSteps {
  const { work, persistence } = opened
  const { bytesMax } = renewal
  if (bytesMax === 0) {
    count(opened, renewal)
    return
  }
  while (work.flushStep() > 0) if (timeSlice !== undefined) yield timeSlice
  // It may be writing with an older key, and its outcome is worth more than that of this work.
  while (work.isDelegated && timeSlice === undefined) work.waitForCompaction(THREAD_WAIT_MS)
  let bytes = 0
  const skipped = new Set<Table>()
  while (!work.isDelegated && bytes < bytesMax) {
    while (work.continueCompaction()) if (timeSlice !== undefined) yield timeSlice
    const plan = nextPlan(opened, renewal, skipped)
    if (plan === undefined) break
    try {
      if (plan.begin()) {
        while (work.continueCompaction()) if (timeSlice !== undefined) yield timeSlice
      } else for (const table of plan.tables) skipped.add(table)
    } catch (error) {
      if (!isLdbError(error, 'LDB_CORRUPTION')) throw error
      work.cancelCompaction()
      for (const table of plan.tables) skipped.add(table)
    }
    const present = new Set(opened.state.version.tables())
    for (const table of plan.tables) {
      // A table that was moved is rewritten in the level that it has now.
      if (present.has(table)) continue
      bytes += table.meta.fileBytes
      renewal.noteRewritten(1, table.meta.fileBytes)
    }
  }
  const manifestBytes = oldManifestBytes(opened, renewal)
  if (manifestBytes > 0) persistence.requireState()
  yield* persistence.steps(log, timeSlice)
  if (manifestBytes > 0) renewal.noteRewritten(1, manifestBytes)
}

/** Counts the tables whose files exist, those that only open snapshots read included: a crash may leave them. */
function count(opened: OpenedStore, renewal: KeyRenewal): void {
  const { files, work } = opened
  for (const table of files.opened) {
    if (isOldTable(table, renewal)) renewal.noteFound(1, table.meta.fileBytes)
  }
  for (const keyId of files.begunKeyIds) if (renewal.isOld(keyId)) renewal.noteFound(1, 0)
  if (work.delegatedKeyId !== undefined && renewal.isOld(work.delegatedKeyId)) renewal.noteFound(1, 0)
  const manifestBytes = oldManifestBytes(opened, renewal)
  if (manifestBytes > 0) renewal.noteFound(1, manifestBytes)
}

/** Tables to rewrite together, and what begins it. */
interface RenewalPlan {
  readonly tables: readonly Table[]
  /** Returns false when it cannot be done now. */
  begin(): boolean
}

function nextPlan(
  { state, work }: OpenedStore,
  renewal: KeyRenewal,
  skipped: ReadonlySet<Table>,
): RenewalPlan | undefined {
  const isNext = (table: Table): boolean => !skipped.has(table) && isOldTable(table, renewal)
  for (let level = LEVEL_COUNT - 1; level > 0; level -= 1) {
    const table = state.version.level(level).find(isNext)
    if (table !== undefined) return { tables: [table], begin: () => work.beginRewrite(table, level) }
  }
  const tables = state.version.level(0).filter(isNext)
  return tables.length === 0 ? undefined : { tables, begin: () => work.beginLevel0() }
}

/** Reports whether a table is under an older key. All of its units have the data key of the last one, with which the file ends. */
function isOldTable({ meta, reader }: Table, renewal: KeyRenewal): boolean {
  const bytes = new Uint8Array(DATA_KEY_ID_BYTES)
  const byteCount = reader.file.bytes.read(bytes, 0, bytes.length, meta.fileBytes - bytes.length)
  return byteCount === bytes.length && renewal.isOld(readU32(bytes, 0))
}

/** Returns the bytes of the state record of the manifest on the device if it is under an older key; otherwise 0. */
function oldManifestBytes({ manifest }: OpenedStore, renewal: KeyRenewal): number {
  const stored = manifest.stateKey()
  return stored !== undefined && renewal.isOld(stored.dataKeyId) ? stored.byteCount : 0
}
