import type { SortedEntries } from './sorted-entries.js'

/** One write of a commit to one keyspace. */
interface WriteRecord {
  readonly seq: number
  readonly entries: SortedEntries
  /** The written key, or `undefined` for a write that may affect any key of the keyspace. */
  readonly key: string | undefined
}

/** Restores the value of a key before a change. */
interface UndoRecord {
  readonly seq: number
  readonly entries: SortedEntries
  readonly key: string
  readonly value: string | undefined
}

/**
 * The commits of the reference, with an undo log back to the newest commit that must survive the end of the
 * process.
 */
export class ReferenceCommits {
  /** Number of the newest commit. */
  seq = 0
  /** Commits since the database was opened. */
  commitCount = 0
  /** Newest commit that was certainly written to the operating system. */
  floor = 0
  /** True while a transaction is open that needs the writes of others for conflict detection. */
  recordsWrites = false
  /** The writes since recording began. */
  writes: WriteRecord[] = []
  #undoLog: UndoRecord[] = []

  put(entries: SortedEntries, key: string, value: string): void {
    this.#recordUndo(entries, key)
    entries.put(key, value)
  }

  delete(entries: SortedEntries, key: string): void {
    this.#recordUndo(entries, key)
    entries.delete(key)
  }

  /** Deletes the entries from index `start` to `end`. */
  removeSpan(entries: SortedEntries, start: number, end: number): void {
    for (let at = start; at < end; at++) this.#recordUndo(entries, entries.keys[at] as string)
    entries.removeSpan(start, end)
  }

  /**
   * Records that the next commit writes a key, or has read it for update. Without a key, the write may affect any
   * key.
   */
  recordWrite(entries: SortedEntries, key?: string): void {
    if (this.recordsWrites) this.writes.push({ seq: this.seq + 1, entries, key })
  }

  /** Ends a commit, which contains all changes since the previous one. */
  commit(): void {
    this.seq++
    this.commitCount++
  }

  /** Marks all commits as written to the operating system. */
  flush(): void {
    this.floor = this.seq
    this.#undoLog = []
  }

  /** Undoes every commit after `seq`. */
  rollBackTo(seq: number): void {
    for (let change = this.#undoLog.pop(); change !== undefined; change = this.#undoLog.pop()) {
      if (change.seq <= seq) break
      const { entries, key, value } = change
      if (value === undefined) entries.delete(key)
      else entries.put(key, value)
    }
    this.seq = seq
    this.flush()
  }

  #recordUndo(entries: SortedEntries, key: string): void {
    this.#undoLog.push({ seq: this.seq + 1, entries, key, value: entries.get(key) })
    this.recordWrite(entries, key)
  }
}
