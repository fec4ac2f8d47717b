import type { Seq } from './branded-numbers.js'
import type { BatchSection } from './batch/section.js'
import type { HeldCheckpoint } from './held-checkpoint.js'
import type { ResumableTask, Syncable } from './resumable-task.js'
import type { StoreLoad } from './store-load.js'
import type { StoreLog } from './store-log.js'
import type { StoreVerifyOptions, VerifySink, VerifySteps } from './verification.js'

/**
 * Bounds of a cursor, over encoded keys: `lower` inclusive, `upper` exclusive. `undefined` means unbounded.
 *
 * @category Contracts
 */
export interface KeyBounds {
  readonly lower?: Uint8Array | undefined
  readonly upper?: Uint8Array | undefined
}

/**
 * An ordered map from byte strings to byte strings, in byte order, that follows a log of commits. Every storage engine
 * implements it, and one test suite runs against all of them.
 *
 * @remarks
 * **Durability.** A store does not log. A crash loses every commit after `durableSeq`; the owner of the log applies them again
 * when it opens the store. A store may write a checkpoint at any time after its owner has opened it, but it makes a checkpoint
 * durable only after it has synced the log (C6): otherwise a crash could leave one store ahead of the log.
 *
 * **History.** Two copies of a database that were both written to have commits with the same numbers and different contents. With each
 * checkpoint a store therefore records `segmentId` of the log, as it is after the sync of the log. The owner compares it with the log
 * when it opens the store, and refuses a store of another history.
 *
 * **Interrupted reads.** The file system below a store may throw from any read of a file whose bytes are not in memory. The
 * owner then loads those bytes off the thread and calls the method again. Therefore every reading method (`get`,
 * `getBorrowed`, `getMany`, `has`, `prefetch`, a snapshot's methods, every move of a cursor) leaves the store unchanged when it
 * throws, and the repeated call returns what an uninterrupted call would have returned. After an interrupted `next` or
 * `previous` the position of a cursor is undefined: the owner seeks the last key again, and then repeats the move. `first`,
 * `last`, `seek`, `seekBackward` and the accessors of the current entry can be repeated as they are.
 * @category Contracts
 */
export interface OrderedStore {
  /** Sequence number of the newest section applied; 0 when there is none. */
  readonly seq: Seq
  /** Every section up to this sequence number is in the last durable checkpoint. */
  readonly durableSeq: Seq
  /**
   * `segmentId` of the log after the sync that preceded the last durable checkpoint: 16 bytes, zeros for a new store and for one without a
   * log. The newest commit in the checkpoint is in that segment or in an older one. Not to be written to.
   */
  readonly durableSegmentId: Uint8Array

  /**
   * Returns a copy of the value of a key, or `undefined`. The key is the first `keyBytes` bytes of `key`.
   *
   * @throws {@link LdbError} LDB_CORRUPTION, LDB_IO, LDB_CLOSED, LDB_POISONED.
   */
  get(key: Uint8Array, keyBytes?: number): Uint8Array | undefined

  /**
   * Returns the value of a key without copying it, or `undefined`. The bytes are borrowed until the next call of any method of
   * the store, and must not be written to.
   *
   * @throws {@link LdbError} as `get` does.
   */
  getBorrowed(key: Uint8Array, keyBytes?: number): Uint8Array | undefined

  /**
   * Returns copies of the values of many keys, in their order, `undefined` for each absent key. Key `i` ends before byte
   * `ends[i]` of `keys` and begins where key `i - 1` ends.
   *
   * @throws {@link LdbError} as `get` does.
   */
  getMany(keys: Uint8Array, ends: readonly number[]): (Uint8Array | undefined)[]

  /** Reports whether a key is present, without reading its value. */
  has(key: Uint8Array, keyBytes?: number): boolean

  /**
   * Loads into memory what `apply` reads first when it changes a key. Does nothing in a store whose writes read nothing.
   *
   * @throws {@link LdbError} as `get` does.
   */
  prefetch(key: Uint8Array, keyBytes?: number): void

  /**
   * Applies the operations of one section, in their order, all or nothing. They are visible when it returns. The bytes of the
   * section are not retained.
   *
   * @param seq - greater than that of any section applied before; between `beginReplay` and `endReplay` it may be equal.
   * @throws {@link LdbError} LDB_IO, LDB_NO_SPACE, LDB_CORRUPTION: the store is then poisoned, because part of the section may be
   * in memory; every later read and write throws LDB_POISONED until the store is opened again.
   */
  apply(section: BatchSection, seq: Seq): void

  /**
   * Begins a replay of the log. Until `endReplay`, sections arrive out of commit order: the owner gathers many commits and
   * applies them by key range, the last operation on each key only, under the sequence number of the newest gathered commit.
   *
   * @remarks No checkpoint and no other durable state may contain a part of them: `durableSeq` does not advance, and a crash
   * leaves what the store held when it was opened. A store that runs out of memory may write files of its own, but it installs
   * them after `endReplay`.
   */
  beginReplay(): void

  /** Ends a replay: every commit up to `seq` has been applied. The store may write checkpoints from now on. */
  endReplay(seq: Seq): void

  /** Freezes the present state; costs no I/O and no copy. The snapshot is pinned until it is released. */
  snapshot(): StoreSnapshot

  /** Writes a checkpoint and waits for the device; `durableSeq` is then `seq`. Costs nothing when nothing has changed since the last. */
  checkpoint(): void

  /**
   * Begins a checkpoint: freezes the present state before it returns, without a write. Sections applied later are not part of it.
   * The returned task writes the state in steps, waits for the device and makes the checkpoint durable. A store that needs the
   * checkpoint finished runs the remaining steps itself.
   *
   * @param log - synced before the checkpoint becomes durable (C6); its `segmentId` then becomes `durableSegmentId`.
   * @param timeSlice - yielded about every millisecond of work, so that the caller can let other work run.
   * @throws {@link LdbError} as `checkpoint` does.
   */
  beginCheckpoint(log?: StoreLog, timeSlice?: Syncable): ResumableTask

  /**
   * Begins a sorted bulk load, which bypasses `apply`. Returns `undefined` in an engine that loads through `apply`.
   *
   * @throws {@link LdbError} LDB_POISONED, LDB_CLOSED.
   */
  beginLoad(): StoreLoad | undefined

  /** Compacts the store with full effort and waits for the device. */
  compact(bounds?: KeyBounds): void

  /**
   * Begins a compaction if it is worth its cost: the store rewrites live data so that files shrink or reads get cheaper. Returns
   * `undefined` when the store declines; with `'full'`, `'shrink'` and `'renew'` it never does.
   */
  beginCompaction(request: CompactionRequest): ResumableTask | undefined

  /**
   * Reports whether a checkpoint and a compaction with effort `'idle'` would return enough space, or make reads enough cheaper, to be
   * worth their cost. Costs no I/O. False in an engine that has no such work.
   */
  isIdleWorkDue(): boolean

  /**
   * Returns the bytes of log that the store prefers between two checkpoints. An owner of several stores adds them up and bounds
   * the sum. May cost as much as `stats`.
   */
  logBytesPreferred(): number

  /**
   * Persists the state that was recovered at open, off the thread, so that the first write does not have to. A failure poisons
   * the store. Resolves at once when the recovered state is known to be durable.
   */
  persistRecovered(): Promise<void>

  /**
   * Holds the newest durable checkpoint, after the one in progress, for a copy of its files. Writes nothing else.
   *
   * @throws {@link LdbError} LDB_IO; LDB_POISONED, LDB_CLOSED.
   */
  holdCheckpoint(): HeldCheckpoint

  /**
   * Checks every file, page or block, record and key of the present state and reports each fault to the sink. Goes on after a
   * fault where it can. Never throws LDB_CORRUPTION.
   */
  verify(sink: VerifySink): void

  /**
   * As `verify`, in steps of about a millisecond or less. The state is that of the first step, and stays pinned until the last one, or until
   * the caller ends the steps with `return`. Sections may be applied, and checkpoints made, between two steps.
   */
  verifySteps(sink: VerifySink, options?: StoreVerifyOptions): VerifySteps

  /** Returns statistics of the present state; costs no I/O. */
  stats(): StoreStats

  /** Releases all resources, without a checkpoint. Idempotent. */
  close(): void
}

/** How much a compaction may cost. @category Contracts */
export interface CompactionRequest {
  /**
   * `'full'`: the user asked for a compaction; rewrite all that takes more space than it needs. `'shrink'`: the device is nearly full;
   * release the free space of the files. `'explicit'`: part of a checkpoint that the user
   * asked for, or of `close`; may take a while. `'automatic'`: part of a background checkpoint; only where it pays at once. `'idle'`: the
   * program has made no commit for a while; whatever pays when nothing else has to be done. `'renew'`: rewrite what `renewal` names.
   */
  readonly effort: 'full' | 'shrink' | 'explicit' | 'automatic' | 'idle' | 'renew'
  /** With effort `'renew'`: what to rewrite. */
  readonly renewal?: KeyRenewal | undefined
  /** Keys to compact; an engine may compact more. @defaultValue all */
  readonly bounds?: KeyBounds | undefined
  /** Called between steps with effort `'idle'`: the compaction ends early when it returns true. */
  readonly isInterrupted?: (() => boolean) | undefined
  /** Synced before the result becomes durable (C6). */
  readonly log?: StoreLog | undefined
  /** Yielded about every millisecond of work. */
  readonly timeSlice?: Syncable | undefined
}

/**
 * The units of a store that are encrypted with older data keys, which a compaction with effort `'renew'` rewrites. Every field is an own
 * property.
 *
 * @category Contracts
 */
export interface KeyRenewal {
  /** Reports whether units with a data key are to be rewritten. False for numbers that no data key has. */
  readonly isOld: (dataKeyId: number) => boolean
  /**
   * Bytes to rewrite, about: then the store ends, and goes on from there the next time. 0: it only counts, all of them. Read when the store
   * begins.
   */
  readonly bytesMax: number
  /** Called for units that are still to be rewritten, where `bytesMax` is 0. */
  readonly noteFound: (unitCount: number, byteCount: number) => void
  /** Called for units that were rewritten. */
  readonly noteRewritten: (unitCount: number, byteCount: number) => void
}

/**
 * A frozen view of a store.
 *
 * @category Contracts
 */
export interface StoreSnapshot {
  /** Sequence number of the newest section in the view; 0 when there is none. */
  readonly seq: Seq
  /** Returns a copy of the value of a key, or `undefined`. The key is the first `keyBytes` bytes of `key`. */
  get(key: Uint8Array, keyBytes?: number): Uint8Array | undefined
  /** As {@link OrderedStore.getBorrowed}. */
  getBorrowed(key: Uint8Array, keyBytes?: number): Uint8Array | undefined
  /** As {@link OrderedStore.getMany}. */
  getMany(keys: Uint8Array, ends: readonly number[]): (Uint8Array | undefined)[]
  /** Reports whether a key is present, without reading its value. */
  has(key: Uint8Array, keyBytes?: number): boolean
  /** Opens a cursor without a current entry. It stays valid until it is closed, and must be closed before the release. */
  cursor(bounds?: KeyBounds): StoreCursor
  /** Counts the entries within bounds, exactly. */
  count(bounds?: KeyBounds): number
  /** Estimates entries and bytes within bounds without reading all of them. */
  estimate(bounds?: KeyBounds): RangeEstimate
  /**
   * Yields ranges of keys, ascending and disjoint, outside of which this view and one of another store have equal entries, as checksums
   * show. Returns `undefined` where checksums show nothing, as with a store that is not a copy of this one. Absent in an engine without
   * such checksums. Neither store may be changed meanwhile.
   */
  differences?(other: StoreSnapshot): Generator<KeyBounds, void> | undefined
  /** Unpins the view. Idempotent; any later use throws LDB_CLOSED. */
  release(): void
}

/** An estimate of the contents of a key range. @category Contracts */
export interface RangeEstimate {
  /** Entries. */
  readonly count: number
  /** Bytes of keys and values. */
  readonly bytes: number
}

/**
 * A position in a snapshot. Each move returns true when it has reached an entry within the bounds; otherwise the cursor has no
 * current entry.
 *
 * @category Contracts
 */
export interface StoreCursor {
  /** True while the cursor has a current entry. */
  readonly valid: boolean
  /** Key of the current entry: borrowed until the next move or close. Throws LDB_INVALID_ARGUMENT without a current entry. */
  readonly key: Uint8Array
  /** Value of the current entry: borrowed until the next move or close. Throws LDB_INVALID_ARGUMENT without a current entry. */
  readonly value: Uint8Array
  /**
   * Returns the key of the current entry as bytes that belong to the caller: no move changes them. Writing to them may change
   * what `key` returns until the next move, and no other read. Throws as `key` does.
   */
  takeKey(): Uint8Array
  /** Returns the value of the current entry as bytes that belong to the caller, as {@link StoreCursor.takeKey} does for the key. */
  takeValue(): Uint8Array
  /** Moves to the smallest entry within the bounds. */
  first(): boolean
  /** Moves to the greatest entry within the bounds. */
  last(): boolean
  /** Moves to the smallest entry whose key is not below `key`. */
  seek(key: Uint8Array, keyBytes?: number): boolean
  /** Moves to the greatest entry whose key is not above `key`. */
  seekBackward(key: Uint8Array, keyBytes?: number): boolean
  /** Moves to the next entry; without a current entry, to the first one. */
  next(): boolean
  /** Moves to the previous entry; without a current entry, to the last one. */
  previous(): boolean
  /**
   * Moves on from the current entry, forward (1) or backward (-1), while the value of the current entry is skipped and the next entry is
   * at hand, without I/O. The current entry may be the last one that is at hand, and skipped, too.
   *
   * @returns the number of moves when the current entry is not skipped, and its bitwise complement when it is. Throws
   * LDB_INVALID_ARGUMENT without a current entry.
   */
  skipWhile(direction: 1 | -1, isSkipped: ValuePredicate): number
  /** Releases the cursor's resources. Idempotent. */
  close(): void
}

/**
 * Decides about a value: the bytes from `start` to `end` (exclusive) of a buffer, which are borrowed for the call.
 *
 * @category Contracts
 */
export type ValuePredicate = (bytes: Uint8Array, start: number, end: number) => boolean

/** Statistics of a level of tables. @category Contracts */
export interface StoreLevelStats {
  readonly tableCount: number
  /** Entries of the tables, hidden versions and deletes included. */
  readonly entryCount: number
  readonly fileBytes: number
  /** Bytes that the files would have if nothing in them were compressed. */
  readonly rawBytes: number
}

/** Statistics of a store. @category Contracts */
export interface StoreStats {
  /** Entries in the present state: exact, or an estimate where `isEntryCountExact` is false. */
  readonly entryCount: number
  /** False when `entryCount` is an estimate, as in an engine that stores several versions of an entry. */
  readonly isEntryCountExact: boolean
  /** Bytes of the store's files: what is only in memory, before a checkpoint, does not count. */
  readonly fileBytes: number
  /** Bytes of live data in the form of the files, overhead included: also what is only in memory, where a checkpoint writes it in that form. */
  readonly liveBytes: number
  /** Bytes changed in memory that no checkpoint contains yet. */
  readonly dirtyBytes: number
  /** Levels of pages or tables. */
  readonly depth: number
  /** Levels of tables, from the newest data on, the empty ones included; absent in an engine without tables. */
  readonly levels?: readonly StoreLevelStats[]
  /** Snapshots open now. */
  readonly snapshotCount: number
}
