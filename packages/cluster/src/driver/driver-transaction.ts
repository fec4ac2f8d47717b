import type { CallOptions } from './call-options.js'
import type { DriverKeyspace } from './driver-keyspace.js'
import type { Marker } from './marker.js'
import type { Version } from './version.js'

/** How a transaction begins. @category Driver */
export interface TransactionRequest {
  /** `'readOnly'`: reads of one snapshot, ended by `finish` or `abort`. `'readWrite'`: reads of one snapshot, then a commit. */
  readonly mode: 'readOnly' | 'readWrite'
  /**
   * `'serializable'`: the commit conflicts when anything that the transaction read, absent keys and empty ranges included, was changed by a commit after its
   * snapshot. `'snapshot'`: only when a key that it has read and writes was; a `'readOnly'` transaction then never conflicts. An engine without the weaker
   * one uses the stronger.
   */
  readonly isolation: 'serializable' | 'snapshot'
  /**
   * True when at most one read is made before `commit` or `abort`: of a `'readOnly'` transaction, a driver can then read the newest state in one
   * round trip, without a snapshot that outlives it.
   */
  readonly isSingleRead: boolean
}

/** One key of one keyspace. @category Driver */
export interface DriverKey {
  readonly keyspace: DriverKeyspace
  readonly key: Uint8Array
}

/** A range of keys of one keyspace: `lower` inclusive, `upper` exclusive, `undefined` without bound. Never empty: `lower` is below `upper`. @category Driver */
export interface DriverRange {
  readonly keyspace: DriverKeyspace
  readonly lower: Uint8Array | undefined
  readonly upper: Uint8Array | undefined
}

/** A read of the first or the last entries of a range. @category Driver */
export interface RangeRequest extends DriverRange {
  /** True: the greatest keys, in descending order. */
  readonly reverse: boolean
  /** Number of entries wanted, from 1 on. */
  readonly limit: number
  /**
   * Number of bytes of each value that the caller needs. A driver may return more of a value, up to all of it, and never less than this or the
   * whole value. Infinity for whole values.
   */
  readonly valueBytes: number
}

/** An entry. Its bytes do not change, and may be parts of one array with those of other entries. @category Driver */
export interface DriverEntry {
  readonly key: Uint8Array
  readonly value: Uint8Array
}

/** Answer of a range read. @category Driver */
export interface RangePage {
  /** Entries in the order of the request. Fewer than `limit`, but not none, when the driver bounds the bytes of a page. */
  readonly entries: readonly DriverEntry[]
  /** True when the range may have more entries after the last one. Always true when the driver returned fewer than it has for a reason other than `limit`. */
  readonly hasMore: boolean
}

/** A put, or a delete when `value` is `undefined`. @category Driver */
export interface DriverWrite {
  readonly keyspace: DriverKeyspace
  readonly key: Uint8Array
  readonly value: Uint8Array | undefined
}

/**
 * What one commit does, in one atomic step: it deletes the ranges, then puts and deletes the keys.
 *
 * @category Driver
 */
export interface CommitRequest {
  /** Fresh marker of this attempt, to record with the writes. */
  readonly marker: Marker
  /** Ascending by identity of the keyspace, then by key; each key once. A driver that takes locks takes them in this order. */
  readonly writes: readonly DriverWrite[]
  /** Ascending by identity of the keyspace, then by `lower`; disjoint. A key of `writes` may lie in one of them: it is written after the deletion. */
  readonly deletedRanges: readonly DriverRange[]
  /**
   * Keys that must be unchanged since the snapshot; ascending, each once. When `isolation` is `'serializable'`, every key that `getMany` has read; when it is
   * `'snapshot'`, those that were read for update or are written too. Every one of them was read by `getMany`, or lies in a range that `range` has read. Drivers
   * that validate at commit use it; drivers whose engine tracks reads by itself ignore it.
   */
  readonly readKeys: readonly DriverKey[]
  /**
   * Ranges that must be unchanged since the snapshot: no key in them put, changed or deleted. Ascending and disjoint; they cover what the pages of
   * `range` have covered, and no more: up to the last entry of a page that has more after it. Empty when `isolation` is `'snapshot'`. May contain keys of `readKeys`.
   */
  readonly readRanges: readonly DriverRange[]
}

/** What an acknowledged commit reports. @category Driver */
export interface CommitResult {
  /** Version of the commit, where the engine reports it. */
  readonly version: Version | undefined
}

/**
 * A transaction of the engine: reads at one snapshot, and at most one commit.
 *
 * @remarks Calls may overlap. It ends with `commit` or `finish`, whatever they settle with, or with `abort`; no other call follows, except `abort`. A transaction without reads
 * has no snapshot: its commit is a blind, atomic write, for which a driver needs one round trip. Reads may reject with `'conflict'`, `'snapshotTooOld'`,
 * `'unavailable'`, `'keyspaceGone'` and the general kinds; after such a rejection only `abort` is called.
 * @category Driver
 */
export interface DriverTransaction {
  /**
   * Version of the snapshot; `undefined` before it is fixed, or when the engine has none. A watch from it reports every commit that the snapshot does not
   * contain, and no other.
   */
  readonly version: Version | undefined

  /** Fixes the snapshot, unless a read has. It then contains every commit that was acknowledged before this call. */
  pin(options: CallOptions): Promise<void>

  /** Returns the values of keys, in their order; `undefined` for each absent key. The same key may occur twice. The list is not empty. */
  getMany(keys: readonly DriverKey[], options: CallOptions): Promise<(Uint8Array | undefined)[]>

  /** Returns the first entries of a range. */
  range(request: RangeRequest, options: CallOptions): Promise<RangePage>

  /**
   * Commits. Resolves only when the commit is applied. Rejects with `'commitUnknown'` when it may be applied now or later, and with any other kind
   * only when it is not applied and never will be.
   *
   * @param request - with at least one write or deleted range, within the limits of the driver.
   */
  commit(request: CommitRequest, options: CallOptions): Promise<CommitResult>

  /**
   * Ends a `'serializable'` transaction that has read and not written, and returns when what it has read is certain to be one state of the serial order.
   * An engine whose snapshots always are has nothing to do.
   *
   * @throws DriverError `'conflict'` when it is not: the layer above discards what was read.
   */
  finish(options: CallOptions): Promise<void>

  /**
   * Ends the transaction and releases its snapshot. May be called while reads are pending, whose results are
   * discarded. Never rejects. Idempotent; without effect after `commit` or `finish`.
   */
  abort(): Promise<void>
}
