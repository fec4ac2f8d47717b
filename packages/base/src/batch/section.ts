/**
 * The operations of one keyspace within an encoded batch: a range of bytes and the number of operations in it.
 *
 * @remarks `WriteBatch` and `decodeBatch` create sections; `BatchReader` reads them. FORMAT.md defines the bytes. Other
 * creators of sections set the optional fields, too, to `undefined` where they are absent: an absent field would be read from
 * `Object.prototype`.
 * @category Batches
 */
export interface BatchSection {
  /** Buffer that contains the operations, and possibly other bytes before and after. Borrowed. */
  readonly bytes: Uint8Array
  /** Offset of the first operation. */
  readonly start: number
  /** Offset of the end of the last operation. */
  readonly end: number
  /** Number of operations from `start` to `end`. */
  readonly operationCount: number
  /**
   * True when every operation has a single key and the keys are strictly ascending, so that a store may apply them in one pass. The
   * store need not check this, and may throw LDB_INVARIANT when it is false.
   */
  readonly isSorted?: boolean | undefined
  /**
   * Offset of each operation, in the order of application, when the operations are not contiguous; the bytes between them are
   * ignored. At least `operationCount` offsets, each from `start` to `end`. Borrowed.
   */
  readonly starts?: Int32Array | undefined
  /** File position of the batch, for errors; absent for a batch created in memory. */
  readonly origin?: BatchOrigin | undefined
}

/**
 * A section with its keyspace.
 *
 * @category Batches
 */
export interface KeyspaceSection extends BatchSection {
  /** Id of the keyspace, 0 to 2^32 − 1. */
  readonly keyspaceId: number
}

/**
 * Position of an encoded batch in a file.
 *
 * @category Batches
 */
export interface BatchOrigin {
  /** Path of the file. */
  readonly file: string
  /** Offset of the first byte of the batch in that file. */
  readonly offset: number
}

/**
 * Kinds of operation. On disk: never renumber, never reuse.
 *
 * @category Batches
 */
export const OperationKind = {
  /** Key and value. */
  Put: 1,
  /** Key. */
  Delete: 2,
  /** Every key from the first (inclusive) to the second (exclusive). */
  DeleteRange: 3,
  /** Every key from the given one (inclusive). */
  DeleteFrom: 4,
  /** Key; deleted because the entry had expired. A store treats it as a Delete. */
  Expire: 5,
} as const

/** One of the kinds of operation, as a number. @category Batches */
export type OperationKind = (typeof OperationKind)[keyof typeof OperationKind]
