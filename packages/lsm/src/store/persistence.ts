import { NO_SEGMENT_ID, ResumableTask, toSeq } from '@ldb/base'
import type { Seq, StoreLog, Syncable, TaskSteps } from '@ldb/base'
import { directoryOf, DirectorySync } from '@ldb/vfs'
import type { Vfs } from '@ldb/vfs'
import type { LeveledTable, ManifestEdit } from '../version/manifest-record.js'
import type { ManifestWriter } from '../version/manifest-writer.js'
import type { TableFiles } from '../version/table-files.js'
import type { Table } from '../version/table.js'
import type { Version } from '../version/version.js'
import type { StoreState } from './store-state.js'

/** Files that only the durable manifest needs, as a share of those that the store needs, for which it asks for a checkpoint. */
const OBSOLETE_SHARE = 0.25

/**
 * Makes the present tables durable: syncs those that are new, then the directory, then the log (C6), then changes the manifest. The files
 * of tables that are not needed any more are deleted last (L2).
 */
export class Persistence {
  durableSeq: Seq
  durableSegmentId: Uint8Array
  readonly #vfs: Vfs
  readonly #directory: string
  readonly #state: StoreState
  readonly #files: TableFiles
  readonly #manifest: ManifestWriter
  /** Levels of the tables that the durable manifest names. */
  #durableLevels: ReadonlyMap<Table, number>
  #hasLeftovers = true
  /** The manifest that was found may not be on the device. */
  #isUncertain: boolean
  /** One change of the manifest is made at a time: a checkpoint, a compaction and a load may overlap otherwise. */
  #running: ResumableTask | undefined = undefined

  /** @param isUncertain - the manifest that was found may not be on the device. */
  constructor(
    vfs: Vfs,
    directory: string,
    state: StoreState,
    files: TableFiles,
    manifest: ManifestWriter,
    durableSegmentId: Uint8Array,
    isUncertain: boolean,
  ) {
    this.#vfs = vfs
    this.#directory = directory
    this.#state = state
    this.#files = files
    this.#manifest = manifest
    this.durableSeq = state.seq
    this.durableSegmentId = durableSegmentId
    this.#durableLevels = levelsOf(state.version)
    this.#isUncertain = isUncertain
  }

  /** Bytes of files that the present version does not need, and that the durable manifest still names. */
  get obsoleteBytes(): number {
    const present = new Set(this.#state.version.tables())
    let bytes = 0
    for (const table of this.#durableLevels.keys()) if (!present.has(table)) bytes += table.meta.fileBytes
    return bytes
  }

  /** True when a checkpoint would return much space, in relation to what the store needs and to the size of a memtable. */
  isCheckpointDue(memtableBytes: number): boolean {
    let bytes = 0
    for (const { meta } of this.#state.version.tables()) bytes += meta.fileBytes
    return this.obsoleteBytes > Math.max(2 * memtableBytes, OBSOLETE_SHARE * bytes)
  }

  /** Completes a change of the manifest that is in progress. */
  complete(): void {
    this.#running?.sync()
  }

  /** The next steps write the whole state to a new manifest, even if nothing has changed. */
  requireState(): void {
    this.complete()
    this.#manifest.requireState()
    this.#isUncertain = true
  }

  /** The tables that the durable manifest names. */
  durableTables(): Table[] {
    return [...this.#durableLevels.keys()]
  }

  /**
   * The steps of making the present version durable, after those that are in progress.
   *
   * @param timeSlice - waited for between the deletions of replaced tables, each of which takes milliseconds.
   */
  *steps(log: StoreLog | undefined, timeSlice?: Syncable): TaskSteps {
    this.#running?.sync()
    const task = new ResumableTask(this.#persistSteps(log, timeSlice))
    this.#running = task
    try {
      yield task
    } finally {
      if (this.#running === task) this.#running = undefined
    }
  }

  *#persistSteps(log: StoreLog | undefined, timeSlice: Syncable | undefined): TaskSteps {
    const pinned = this.#state.current.pin()
    try {
      const { version } = pinned
      const seq = this.#state.seqInTables
      const levels = levelsOf(version)
      const edit = this.#changeTo(levels)
      const isChanged = seq !== this.durableSeq || edit.added.length > 0 || edit.removed.length > 0
      if (!isChanged && !this.#isUncertain) {
        // The manifest that was found is on the device.
        this.#removeLeftovers()
        return
      }
      this.#files.ensureDirectory()
      yield* this.#syncTables(version)
      if (log !== undefined) yield log
      const segmentId = log === undefined ? NO_SEGMENT_ID : log.segmentId.slice()
      const numbers = {
        durableSeq: seq,
        stamp: this.#state.stamp,
        nextNumber: this.#files.nextNumber,
        segmentId,
      }
      if (this.#manifest.needsState) {
        yield* this.#manifest.replace({ ...numbers, removed: [], added: leveledTables(levels) })
      } else yield* this.#manifest.append({ ...numbers, ...edit })
      this.#isUncertain = false
      this.durableSeq = toSeq(seq)
      this.durableSegmentId = segmentId
      this.#durableLevels = levels
      const replaced = this.#files.noteDurable(levels.keys())
      this.#removeLeftovers()
      for (const table of replaced) {
        this.#files.deleteUnneeded(table)
        if (timeSlice !== undefined) yield timeSlice
      }
    } catch (error) {
      this.#files.stopDeleting()
      throw error
    } finally {
      pinned.unpin()
    }
  }

  *#syncTables(version: Version): TaskSteps {
    let isNew = false
    for (const table of version.tables()) {
      const { unsynced } = table
      if (unsynced === undefined) continue
      isNew = true
      yield unsynced
      table.unsynced = undefined
      unsynced.close()
    }
    if (isNew) yield new DirectorySync(this.#vfs, this.#directory)
    // The entry of a directory that this opening, or one that a crash has interrupted, has created.
    if (this.#durableLevels.size === 0 && this.durableSeq === 0) {
      yield new DirectorySync(this.#vfs, directoryOf(this.#directory))
    }
  }

  /** Returns the tables that differ from the durable manifest. */
  #changeTo(levels: ReadonlyMap<Table, number>): Pick<ManifestEdit, 'removed' | 'added'> {
    const removed: number[] = []
    const added = new Map<Table, number>()
    for (const [table, level] of this.#durableLevels) {
      if (levels.get(table) !== level) removed.push(table.meta.number)
    }
    for (const [table, level] of levels) {
      if (this.#durableLevels.get(table) !== level) added.set(table, level)
    }
    return { removed, added: leveledTables(added) }
  }

  /** The files that a crash has left can be deleted once the store has written a manifest. */
  #removeLeftovers(): void {
    if (!this.#hasLeftovers) return
    this.#hasLeftovers = false
    this.#files.removeLeftovers()
  }
}

/** Returns the level of each table, those of level 0 from the newest on. */
function levelsOf(version: Version): Map<Table, number> {
  const levels = new Map<Table, number>()
  for (const [level, tables] of version.levels.entries()) for (const table of tables) levels.set(table, level)
  return levels
}

function leveledTables(levels: ReadonlyMap<Table, number>): LeveledTable[] {
  return [...levels].map(([{ meta }, level]) => ({ level, meta }))
}
