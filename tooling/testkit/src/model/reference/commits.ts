import type { SortedEntries } from './sorted-entries.js'

/** What one commit has written to one keyspace. */
interface WriteRecord {
  readonly seq: number
  readonly entries: SortedEntries
  /** Undefined for what may have been any of them. */
  readonly key: string | undefined
}

/** What takes one change back. */
interface UndoRecord {
  readonly seq: number
  readonly entries: SortedEntries
  readonly key: string
  readonly value: string | undefined
}

/**
 * The commits of the reference: the present entries, and how to go back to the newest commit that must survive the end of
 * the process.
 */
export class ReferenceCommits {
  /** Number of the newest commit. */
  seq = 0
  /** Commits since the database was opened. */
  commitCount = 0
  /** The newest commit that was handed to the operating system for certain. */
  floor = 0
  /** Somebody is open who wants to know what is written. */
  recordsWrites = false
  /** What was written since somebody began to watch. */
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

  /** Removes entries by their places. */
  removeSpan(entries: SortedEntries, start: number, end: number): void {
    for (let at = start; at < end; at++) this.#recordUndo(entries, entries.keys[at] as string)
    entries.removeSpan(start, end)
  }

  /** The commit that comes next writes a key, or has read it for update; without one, any of the keyspace perhaps. */
  recordWrite(entries: SortedEntries, key?: string): void {
    if (this.recordsWrites) this.writes.push({ seq: this.seq + 1, entries, key })
  }

  /** Ends a commit: what was changed since the last one is one. */
  commit(): void {
    this.seq++
    this.commitCount++
  }

  /** All commits so far are out of the process. */
  flush(): void {
    this.floor = this.seq
    this.#undoLog = []
  }

  /** Takes back every commit after `seq`. */
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
