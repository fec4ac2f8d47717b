import type { EntryCursor } from '../entry/entry-cursor.js'
import type { Tombstones } from '../entry/tombstones.js'
import { MemtableCursor } from '../memtable/memtable-cursor.js'
import type { Memtable } from '../memtable/memtable.js'
import { TableCursor } from '../table/table-cursor.js'
import { overlaps } from '../table/table-meta.js'
import type { KeyRange } from '../table/table-meta.js'
import type { Version } from '../version/version.js'
import { LevelCursor } from './level-cursor.js'

/**
 * All that a reader reads: the memtables, newest first, and a version of the tables. Immutable, but for the operations that the newest
 * memtable receives; a reader ignores those by its stamp. Pinned by readers and by the store, and released when neither needs it.
 */
export class ReadState {
  /** The active memtable and the frozen ones, newest first. */
  readonly memtables: readonly Memtable[]
  readonly version: Version
  #referenceCount = 1

  /** Pinned by its creator. */
  constructor(memtables: readonly Memtable[], version: Version) {
    this.memtables = memtables
    this.version = version
    for (const memtable of memtables) memtable.addReference()
    for (const table of version.tables()) table.addReference()
  }

  pin(): this {
    this.#referenceCount++
    return this
  }

  unpin(): void {
    this.#referenceCount--
    if (this.#referenceCount > 0) return
    for (const memtable of this.memtables) memtable.removeReference()
    for (const table of this.version.tables()) table.removeReference()
  }

  /** Returns a cursor for each sorted part that has keys in a range. */
  cursors(range: KeyRange): EntryCursor[] {
    const cursors: EntryCursor[] = []
    for (const memtable of this.memtables) {
      for (const keys of memtable.keyRuns()) cursors.push(new MemtableCursor(memtable, keys))
    }
    for (const [level, tables] of this.version.levels.entries()) {
      const overlapping = tables.filter(({ meta }) => meta.entryCount > 0 && overlaps(meta, range))
      if (overlapping.length === 0) continue
      if (level === 0) for (const { reader } of overlapping) cursors.push(new TableCursor(reader))
      else cursors.push(new LevelCursor(overlapping))
    }
    return cursors
  }

  /** Returns the range tombstones of each part that has any in a range. */
  tombstones(range: KeyRange): Tombstones[] {
    const all: Tombstones[] = []
    for (const { tombstones } of this.memtables) if (tombstones.count > 0) all.push(tombstones)
    for (const { meta, reader } of this.version.tables()) {
      if (meta.tombstoneCount > 0 && overlaps(meta, range)) all.push(reader.tombstones())
    }
    return all
  }
}
