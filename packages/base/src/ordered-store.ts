import type { Seq } from './branded-numbers.js'
import type { BatchSection } from './batch/section.js'
import type { ResumableTask, Syncable } from './resumable-task.js'

/**
 * Bounds of a cursor, over encoded keys: `lower` inclusive, `upper` exclusive. `undefined` stands for no bound.
 *
 * @category Contracts
 */
export interface KeyBounds {
  readonly lower?: Uint8Array | undefined
  readonly upper?: Uint8Array | undefined
}

/**
 * An ordered map from byte strings to byte strings, in byte order, that follows a log of commits. Every engine is
 * one, and one suite of tests runs against all of them.
 *
 * @remarks A store does not log: what was applied since the last checkpoint is lost with the process, and whoever
 * owns the log applies it again, from `durableSeq` on.
 * @category Contracts
 */
export interface OrderedStore {
  /** Seq of the newest section applied; 0 when there is none. */
  readonly seq: Seq
  /** Everything up to this seq is in the last durable checkpoint. */
  readonly durableSeq: Seq

  /**
   * Returns a copy of the value of a key, or `undefined`. The key is the first `keyBytes` bytes of `key`.
   *
   * @throws {@link LdbError} LDB_CORRUPTION, LDB_IO, LDB_CLOSED, LDB_POISONED.
   */
  get(key: Uint8Array, keyBytes?: number): Uint8Array | undefined

  /**
   * Returns the value of a key without a copy, or `undefined`: borrowed until the next call of anything on the store, and
   * never to be written to.
   *
   * @throws as `get` does.
   */
  getBorrowed(key: Uint8Array, keyBytes?: number): Uint8Array | undefined

  /**
   * Returns copies of the values of many keys, in their order, `undefined` for each that is absent. Key `i` ends before
   * byte `ends[i]` of `keys`, and begins where the one before it ends.
   *
   * @throws as `get` does.
   */
  getMany(keys: Uint8Array, ends: readonly number[]): (Uint8Array | undefined)[]

  /** Reports whether a key is present, without reading its value. */
  has(key: Uint8Array, keyBytes?: number): boolean

  /**
   * Brings into memory what a change of a key will look at first, and remembers nothing of it. Absent where a change looks at
   * nothing.
   *
   * @throws as `get` does.
   */
  prefetch?(key: Uint8Array, keyBytes?: number): void

  /**
   * Applies the operations of one section, in their order, all or nothing, and makes them visible before it
   * returns. The bytes of the section are not kept.
   *
   * @param seq - greater than that of any section applied before.
   * @throws {@link LdbError} LDB_IO, LDB_NO_SPACE, LDB_CORRUPTION: the store is then poisoned, because part of the
   * section may be in memory; every later read and write gives LDB_POISONED until it is opened again.
   */
  apply(section: BatchSection, seq: Seq): void

  /** Freezes the present state; costs no I/O and no copy. Pinned until released. */
  snapshot(): StoreSnapshot

  /**
   * Writes the present state down; `durableSeq` is then `seq`. When nothing has changed since the last one, costs
   * nothing.
   *
   * @param options - `shrink`: also move data down to give as much of the file back as can be.
   */
  checkpoint(options?: CheckpointOptions): void

  /**
   * Begins a checkpoint: freezes the present state before it returns, without a write. What is applied from then on is no
   * part of it. The work that is given writes it down, a little at a time, waits for the device and makes it durable;
   * whatever needs it done first carries it on by itself. Absent where a checkpoint cannot be made in steps.
   *
   * @param log - brought to the device before the checkpoint may become durable: the log of what is in it.
   * @param turn - waited for about every millisecond that the work takes, so that something else has its turn.
   * @throws {@link LdbError} as `checkpoint` does.
   */
  beginCheckpoint?(log?: Syncable, turn?: Syncable): ResumableTask

  /**
   * Makes sure, off this thread, of what was found at opening, so that the first write need not. A failure poisons. Absent where
   * nothing is found that one has to be sure of.
   */
  confirm?(): Promise<void>

  /** Walks everything there is and reports each thing found wrong to the sink. Never throws LDB_CORRUPTION. */
  verify(sink: VerifySink): void

  /** Returns figures about the present state; costs no I/O. */
  stats(): StoreStats

  /** Gives all resources back, without a checkpoint. Idempotent. */
  close(): void
}

/** How to write a checkpoint. @category Contracts */
export interface CheckpointOptions {
  /** Move data towards the beginning of the file and cut the rest off. Default false. */
  readonly shrink?: boolean
}

/**
 * A frozen view of a store.
 *
 * @category Contracts
 */
export interface StoreSnapshot {
  /** Seq of the newest section that the view holds; 0 when there is none. */
  readonly seq: Seq
  /** Returns a copy of the value of a key, or `undefined`. The key is the first `keyBytes` bytes of `key`. */
  get(key: Uint8Array, keyBytes?: number): Uint8Array | undefined
  /** As {@link OrderedStore.getBorrowed}. */
  getBorrowed(key: Uint8Array, keyBytes?: number): Uint8Array | undefined
  /** As {@link OrderedStore.getMany}. */
  getMany(keys: Uint8Array, ends: readonly number[]): (Uint8Array | undefined)[]
  /** Reports whether a key is present, without reading its value. */
  has(key: Uint8Array, keyBytes?: number): boolean
  /** Opens a cursor, standing nowhere. It stays valid until it is closed, and must be closed before the release. */
  cursor(bounds?: KeyBounds): StoreCursor
  /** Counts the entries within bounds, exactly. */
  count(bounds?: KeyBounds): number
  /** Estimates entries and bytes within bounds without reading all of them. */
  estimate(bounds?: KeyBounds): RangeEstimate
  /** Unpins the view. Idempotent; any later use throws LDB_CLOSED. */
  release(): void
}

/** What a range holds, about. @category Contracts */
export interface RangeEstimate {
  /** Entries. */
  readonly count: number
  /** Bytes of keys and values. */
  readonly bytes: number
}

/**
 * A place in a snapshot. Each move returns false, and the cursor then stands nowhere, when there is no entry there
 * within the bounds.
 *
 * @category Contracts
 */
export interface StoreCursor {
  /** True while the cursor stands on an entry. */
  readonly valid: boolean
  /** Key of the entry: borrowed, until the next move or close. Throws LDB_INVALID_ARGUMENT when standing nowhere. */
  readonly key: Uint8Array
  /** Value of the entry: borrowed, until the next move or close. Throws LDB_INVALID_ARGUMENT when standing nowhere. */
  readonly value: Uint8Array
  /**
   * Returns the key of the entry as the caller's own: no move changes it, and writing to it changes no other read but `key`,
   * until the next move. Throws as `key` does.
   */
  takeKey(): Uint8Array
  /** Returns the value of the entry as the caller's own, as {@link StoreCursor.takeKey} does the key. */
  takeValue(): Uint8Array
  /** Moves to the smallest entry within the bounds. */
  first(): boolean
  /** Moves to the greatest entry within the bounds. */
  last(): boolean
  /** Moves to the smallest entry whose key is not below `key`. */
  seek(key: Uint8Array, keyBytes?: number): boolean
  /** Moves to the greatest entry whose key is not above `key`. */
  seekBackward(key: Uint8Array, keyBytes?: number): boolean
  /** Moves on by one; from nowhere, to the first entry. */
  next(): boolean
  /** Moves back by one; from nowhere, to the last entry. */
  previous(): boolean
  /** Gives resources back. Idempotent. */
  close(): void
}

/** Where `verify` puts what it finds and how far it is. @category Contracts */
export interface VerifySink {
  /** Called for each thing found wrong. */
  finding(finding: VerifyFinding): void
  /** Called as the walk goes on; counts are those since the last call. Throwing here ends the walk. */
  progress(progress: VerifyProgress): void
}

/** One thing that is wrong. @category Contracts */
export interface VerifyFinding {
  /** Kind of fault, stable: `'checksum'`, `'structure'`, `'order'`, `'leak'`, `'count'`, `'missing'`, `'io'`. */
  readonly kind: 'checksum' | 'structure' | 'order' | 'leak' | 'count' | 'missing' | 'io'
  /** Path of the file. */
  readonly file: string
  /** Byte offset in the file. */
  readonly offset: number
  /** What is wrong there, for people. */
  readonly message: string
}

/** What a walk has checked since it last said so. @category Contracts */
export interface VerifyProgress {
  /** Pages, blocks or records checked. */
  readonly units: number
  /** Entries checked. */
  readonly entries: number
  /** Bytes read and checked. */
  readonly bytes: number
}

/** What every store can say of itself. @category Contracts */
export interface StoreStats {
  /** Entries in the present state. */
  readonly entryCount: number
  /** Bytes of its files. */
  readonly fileBytes: number
  /** Bytes of its files that hold live data, overhead included. */
  readonly liveBytes: number
  /** Bytes changed in memory that no checkpoint holds yet. */
  readonly dirtyBytes: number
  /** Levels of pages or tables. */
  readonly depth: number
  /** Snapshots open now. */
  readonly snapshotCount: number
}
