import { AscendingKeys, assert, ResumableTask } from '@ldb/base'
import type { Seq, StoreLoad, StoreLog, Syncable, TaskSteps } from '@ldb/base'
import { DirectorySync } from '@ldb/vfs'
import { placeLoad } from '../compaction/load-placement.js'
import { Entry } from '../entry/entry.js'
import { EntryKind, LEVEL_COUNT } from '../format.js'
import { overlaps } from '../table/table-meta.js'
import type { TableMeta } from '../table/table-meta.js'
import { UnsyncedFile } from '../version/table-files.js'
import type { NewTable } from '../version/table-files.js'
import type { OpenedStore } from './open.js'

/** What a load needs of its store. */
export interface LoadingStore {
  readonly opened: OpenedStore
  /** Runs a part that changes the state; after a checkpoint in progress has ended. A failure poisons the store. */
  runExclusively(part: () => void): void
  /** Runs steps that change the state. A failure poisons the store. */
  guarded(steps: TaskSteps): TaskSteps
}

/** A table of a load whose file is complete. */
interface LoadedTable {
  readonly meta: TableMeta
  /** Syncs its file; `undefined` when it is on the device. */
  unsynced: UnsyncedFile | undefined
}

/**
 * A sorted bulk load: writes tables directly, and adds them to the version and to the manifest by one change.
 *
 * @remarks The stamps of the entries are not known before the load is installed. Their blocks have the stamp 0, and the manifest has the
 * stamp of each table. Until then no version and no manifest names the tables: a crash leaves them to be deleted.
 */
export class SortedLoad implements StoreLoad {
  readonly #store: LoadingStore
  readonly #keys = new AscendingKeys()
  readonly #entry: Entry = new Entry()
  readonly #tables: LoadedTable[] = []
  #current: NewTable | undefined = undefined
  #state: 'open' | 'installed' | 'aborted' = 'open'

  constructor(store: LoadingStore) {
    this.#store = store
    this.#entry.kind = EntryKind.Put
  }

  get range(): StoreLoad['range'] {
    return this.#keys.range
  }

  get isPersistDue(): boolean {
    return this.#tables.at(-1)?.unsynced !== undefined
  }

  add(key: Uint8Array, keyBytes: number, value: Uint8Array): void {
    const { status, options, files } = this.#store.opened
    this.#assertOpen()
    status.assertWritable()
    this.#keys.check(key, keyBytes)
    if (this.#current !== undefined && this.#current.writer.byteCount >= options.tableBytes) this.#endTable()
    this.#current ??= files.create(LEVEL_COUNT - 1)
    const entry = this.#entry
    entry.keyBuffer = key
    entry.keyEnd = keyBytes
    entry.valueBuffer = value
    entry.valueEnd = value.length
    this.#current.writer.add(entry)
  }

  persist(): ResumableTask {
    return new ResumableTask(this.#persistSteps())
  }

  complete(timeSlice?: Syncable): ResumableTask {
    return new ResumableTask(this.#completeSteps(timeSlice))
  }

  install(seq: Seq, log: StoreLog): void {
    this.#assertOpen()
    this.#store.runExclusively(() => {
      const { state, work, files, persistence, options } = this.#store.opened
      // From here on, the tables belong to the version, and the manifest may name them.
      this.#state = 'installed'
      this.#store.opened.loads.delete(this)
      state.freeze()
      while (work.flushStep() > 0);
      const tables = this.#tables.map(({ meta }) => {
        const stamp = ++state.stamp
        return files.openSynced({ ...meta, minStamp: stamp, maxStamp: stamp })
      })
      state.noteLoaded(seq)
      state.change({
        removed: new Set(),
        added: placeLoad(state.version, tables.reverse(), work.runningCompaction),
      })
      new ResumableTask(persistence.steps(log)).sync()
      options.observer.wantsCheckpoint()
    })
  }

  abort(): void {
    if (this.#state !== 'open') return
    this.#state = 'aborted'
    const { loads, files } = this.#store.opened
    loads.delete(this)
    if (this.#current !== undefined) files.removeUnfinished(this.#current)
    for (const { meta, unsynced } of this.#tables) {
      unsynced?.close()
      files.removeUnopened(meta)
    }
  }

  #assertOpen(): void {
    // A store that is closed has aborted its loads.
    if (this.#state === 'aborted') this.#store.opened.status.assertReadable()
    assert(this.#state === 'open', 'a load is in progress')
  }

  #endTable(): void {
    const current = this.#current
    if (current === undefined) return
    const meta = current.writer.finish([])
    this.#current = undefined
    this.#tables.push({ meta, unsynced: new UnsyncedFile(this.#store.opened.vfs, current.file) })
  }

  *#persistSteps(): TaskSteps {
    for (const table of this.#tables) {
      const { unsynced } = table
      if (unsynced === undefined) continue
      yield unsynced
      this.#assertOpen()
      unsynced.close()
      table.unsynced = undefined
    }
  }

  *#completeSteps(timeSlice: Syncable | undefined): TaskSteps {
    this.#assertOpen()
    this.#endTable()
    yield* this.#persistSteps()
    yield* this.#store.guarded(this.#prepareSteps(timeSlice))
  }

  /** Syncs the directory, flushes what is in memory, and empties a level 0 that overlaps the load: the tables can then go to deeper levels. */
  *#prepareSteps(timeSlice: Syncable | undefined): TaskSteps {
    const { vfs, directory, state, work } = this.#store.opened
    yield new DirectorySync(vfs, directory)
    state.freeze()
    while (work.flushStep() > 0) if (timeSlice !== undefined) yield timeSlice
    const { range } = this
    if (range === undefined || !state.version.level(0).some(({ meta }) => overlaps(meta, range))) return
    while (work.continueCompaction()) if (timeSlice !== undefined) yield timeSlice
    work.beginLevel0()
    while (work.continueCompaction()) if (timeSlice !== undefined) yield timeSlice
  }
}
