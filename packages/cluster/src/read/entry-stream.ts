import { expiryOf, valueOf } from '../values/stored-value.js'
import type { DriverEntry } from '../driver/driver-transaction.js'
import type { PartSource } from './read-source.js'

/** Entries that are present, with their encoded values. */
export type LiveEntries = readonly LiveEntry[]

/** An entry that is present, with its encoded value. */
export interface LiveEntry extends DriverEntry {
  /** When it expires, in milliseconds since 1970; Infinity for never. */
  readonly expiresAt: number
}

/** How entries are selected. */
export interface Selection {
  readonly offset: number
  readonly limit: number
  /** Wall clock, in milliseconds. */
  now(): number
  /** Receives each entry that has expired. */
  onExpired(key: Uint8Array): void
}

/** The entries of a scan after expiries, `offset` and `limit`, one part ahead of the caller. */
export class EntryStream {
  readonly #parts: PartSource
  readonly #selection: Selection
  #toSkip: number
  #left: number
  #isEnded: boolean

  constructor(parts: PartSource, selection: Selection) {
    this.#parts = parts
    this.#selection = selection
    this.#toSkip = selection.offset
    this.#left = selection.limit
    this.#isEnded = selection.limit === 0
  }

  /** Returns the next entries, at least one; `undefined` at the end. Ends the scan when it rejects. */
  async next(): Promise<LiveEntries | undefined> {
    try {
      while (!this.#isEnded) {
        const part = await this.#parts.next()
        if (part === undefined) break
        const entries = this.#select(part.entries)
        if (this.#left === 0) this.close()
        else this.#parts.prefetch()
        if (entries.length > 0) return entries
      }
    } catch (error) {
      this.close()
      throw error
    }
    this.close()
    return undefined
  }

  /** @throws {@link LdbError} LDB_CLOSED, LDB_ABORTED when entries that were read must not be returned. */
  check(): void {
    if (!this.#isEnded) this.#parts.check()
  }

  close(): void {
    this.#isEnded = true
    this.#parts.close()
  }

  #select(entries: readonly DriverEntry[]): LiveEntry[] {
    const nowMs = this.#selection.now()
    const live: LiveEntry[] = []
    for (const { key, value: stored } of entries) {
      const value = valueOf(stored, nowMs)
      if (value === undefined) this.#selection.onExpired(key)
      else if (this.#toSkip > 0) this.#toSkip--
      else {
        live.push({ key, value, expiresAt: expiryOf(stored) })
        if (--this.#left === 0) break
      }
    }
    return live
  }
}
