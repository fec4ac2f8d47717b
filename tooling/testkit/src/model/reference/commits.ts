import type { SortedEntries } from './sorted-entries.js'

/** What one commit has written to one keyspace. */
interface Written {
  readonly seq: number
  readonly entries: SortedEntries
  /** Undefined for what may have been any of them. */
  readonly key: string | undefined
}

/** What takes one change back. */
interface Undo {
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
  isWatched = false
  /** What was written since somebody began to watch. */
  written: Written[] = []
  #undo: Undo[] = []

  put(entries: SortedEntries, key: string, value: string): void {
    this.#remember(entries, key)
    entries.put(key, value)
  }

  delete(entries: SortedEntries, key: string): void {
    this.#remember(entries, key)
    entries.delete(key)
  }

  /** Removes entries by their places. */
  removeSpan(entries: SortedEntries, start: number, end: number): void {
    for (let at = start; at < end; at++) this.#remember(entries, entries.keys[at] as string)
    entries.removeSpan(start, end)
  }

  /** The commit that comes next writes a key, or has read it for update; without one, any of the keyspace perhaps. */
  noteWritten(entries: SortedEntries, key?: string): void {
    if (this.isWatched) this.written.push({ seq: this.seq + 1, entries, key })
  }

  /** Ends a commit: what was changed since the last one is one. */
  commit(): void {
    this.seq++
    this.commitCount++
  }

  /** All commits so far are out of the process. */
  handedOver(): void {
    this.floor = this.seq
    this.#undo = []
  }

  /** Takes back every commit after `seq`. */
  rollBackTo(seq: number): void {
    for (let change = this.#undo.pop(); change !== undefined; change = this.#undo.pop()) {
      if (change.seq <= seq) break
      const { entries, key, value } = change
      if (value === undefined) entries.delete(key)
      else entries.put(key, value)
    }
    this.seq = seq
    this.handedOver()
  }

  #remember(entries: SortedEntries, key: string): void {
    this.#undo.push({ seq: this.seq + 1, entries, key, value: entries.get(key) })
    this.noteWritten(entries, key)
  }
}
