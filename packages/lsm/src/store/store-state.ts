import { assert, toSeq } from '@ldb/base'
import type { Seq } from '@ldb/base'
import type { PendingBytes } from '../compaction/idle.js'
import { EmptyRanges } from '../empty/empty-ranges.js'
import { Memtable } from '../memtable/memtable.js'
import { ReadState } from '../read/read-state.js'
import type { Version, VersionChange } from '../version/version.js'

/**
 * The present state of a store: memtables and tables, and the numbers that belong to it. Invariants:
 * - Memtables are flushed from the oldest on, so that the tables contain exactly the commits up to `flushedSeq`.
 * - A section is in one memtable.
 * - During a replay `flushedSeq` does not advance: its sections arrive out of commit order.
 */
export class StoreState {
  /** Seq of the newest section. */
  seq: Seq
  /** Every commit up to this one is in tables. */
  flushedSeq: Seq
  /** Greatest stamp in use. */
  stamp: number
  isReplaying = false
  readonly emptyRanges: EmptyRanges = new EmptyRanges(() => this.stamp)
  readonly #newSeed: () => number
  #active: Memtable
  /** The active memtable and the frozen ones, newest first. */
  #memtables: readonly Memtable[]
  #current: ReadState

  /** @param newSeed - returns a random number for the hash table of a memtable. */
  constructor(version: Version, seq: Seq, stamp: number, newSeed: () => number) {
    this.seq = seq
    this.flushedSeq = seq
    this.stamp = stamp
    this.#newSeed = newSeed
    this.#active = new Memtable(newSeed())
    this.#memtables = [this.#active]
    this.#current = new ReadState(this.#memtables, version)
  }

  /** The memtable that receives operations. */
  get active(): Memtable {
    return this.#active
  }

  /** What a reader of the present reads. Not pinned for the caller. */
  get current(): ReadState {
    return this.#current
  }

  get version(): Version {
    return this.#current.version
  }

  get memtables(): readonly Memtable[] {
    return this.#memtables
  }

  /** The memtable to be flushed next; `undefined` when none is frozen. */
  get oldestFrozen(): Memtable | undefined {
    return this.#memtables.length > 1 ? this.#memtables.at(-1) : undefined
  }

  /** Every commit up to this one is in the tables of the present version. */
  get seqInTables(): Seq {
    return this.#isAllFlushed ? this.seq : this.flushedSeq
  }

  get #isAllFlushed(): boolean {
    return !this.isReplaying && this.#memtables.length === 1 && this.#active.isEmpty
  }

  /** What is in memtables. */
  get pendingBytes(): PendingBytes {
    let byteCount = 0
    let deleteCount = 0
    let tombstoneCount = 0
    for (const memtable of this.#memtables) {
      if (!memtable.isEmpty) byteCount += memtable.byteCount
      deleteCount += memtable.deleteCount
      tombstoneCount += memtable.tombstones.all.length
    }
    return { byteCount, deleteCount, tombstoneCount }
  }

  /** Ends a replay: every commit up to `seq` was applied. */
  endReplay(seq: Seq): void {
    this.isReplaying = false
    this.seq = toSeq(Math.max(this.seq, seq))
    if (this.#isAllFlushed) this.flushedSeq = this.seq
  }

  /** Notes a commit whose entries are in tables; no memtable contains anything. */
  noteLoaded(seq: Seq): void {
    assert(this.#isAllFlushed, 'a load is newer than everything in tables')
    this.seq = seq
    this.flushedSeq = seq
    this.emptyRanges.clear()
  }

  /**
   * Freezes the active memtable unless it is empty.
   *
   * @param isFull - the next memtable gets the size of this one at once.
   */
  freeze(isFull = false): void {
    if (this.#active.isEmpty) return
    this.#active.isComplete = !this.isReplaying
    this.#active.lastSeq = this.seq
    this.#active = new Memtable(this.#newSeed(), isFull ? this.#active.bytes.length : 0)
    this.#install([this.#active, ...this.#memtables], this.version)
  }

  /** Replaces the oldest memtable by the tables that it was flushed to. */
  endFlush(flushed: Memtable, version: Version): void {
    assert(flushed === this.oldestFrozen, 'memtables are flushed from the oldest on')
    if (flushed.isComplete) this.flushedSeq = toSeq(Math.max(this.flushedSeq, flushed.lastSeq))
    this.#install(this.#memtables.slice(0, -1), version)
  }

  /** Replaces tables. */
  change(change: VersionChange): void {
    this.#install(this.#memtables, this.version.with(change))
  }

  /** Unpins the present state: no reader can be added any more. */
  release(): void {
    this.#current.unpin()
  }

  #install(memtables: readonly Memtable[], version: Version): void {
    const previous = this.#current
    this.#memtables = memtables
    // The tables of both stay referenced in between.
    this.#current = new ReadState(memtables, version)
    previous.unpin()
  }
}
