/**
 * Operations of one store within an encoded batch: a window of bytes and the number of operations in it.
 *
 * @remarks Made by `WriteBatch` and by `decodeBatch`; read with `BatchReader`. FORMAT.md draws the bytes.
 * @category Batches
 */
export interface BatchSection {
  /** What holds the operations, and maybe more around them. Borrowed. */
  readonly bytes: Uint8Array
  /** Offset of the first operation. */
  readonly start: number
  /** Offset behind the last operation. */
  readonly end: number
  /** Operations from `start` to `end`. */
  readonly operationCount: number
  /**
   * True when each operation is about a single key and these ascend, each once: a store may then apply them to one place after
   * the other. It need not look, and may refuse what is wrong with LDB_INVARIANT.
   */
  readonly isSorted?: boolean
  /**
   * Where each operation begins, in this order, when they do not stand one behind the other; between them may be anything. At least
   * `operationCount` of them, each from `start` to `end`. Borrowed.
   */
  readonly starts?: Int32Array
  /** Where `bytes` came from, for errors; absent for a batch made in this process. */
  readonly origin?: BatchOrigin
}

/**
 * A section, and the keyspace it is for.
 *
 * @category Batches
 */
export interface KeyspaceSection extends BatchSection {
  /** Number of the keyspace, 0 to 2^32 − 1. */
  readonly keyspaceId: number
}

/**
 * Place of an encoded batch in a file.
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
  /** Every key from the given one on. */
  DeleteFrom: 4,
  /** Key; removed because its time was over. To a store, a Delete. */
  Expire: 5,
} as const

/** One of the kinds of operation, as a number. @category Batches */
export type OperationKind = (typeof OperationKind)[keyof typeof OperationKind]
