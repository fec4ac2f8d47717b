import { LdbError } from '@ldb/base'

/** Reads the commits of a log, in order. */
export interface CommitReader {
  /** Number of the current commit. */
  readonly seq: number
  /** The current commit, as an encoded batch: borrowed until the next move. */
  readonly payload: Uint8Array
  /**
   * Type of the record of the current commit. The batch of a load is one range delete with the range of the loaded keys; the payload of a
   * keyspace change is no batch.
   */
  readonly type: number
  /** Position after the current commit in the log; 0 when there is no file. */
  readonly endLsn: number
  /** Name of its file, for errors. */
  readonly file: string
  /**
   * Moves to the next commit whose number is not above `seqMax`. Returns false while there is none.
   *
   * @throws {@link LdbError} LDB_NOT_FOUND when the log no longer contains it; LDB_IO, LDB_CORRUPTION.
   */
  next(seqMax: number): boolean
  /** @throws {@link LdbError} LDB_NOT_FOUND when the log no longer contains the current commit, so that the values that it names may be gone. */
  assertRetained(): void
  /** Unpins the current commit: until then, the log contains it, and the values that it names. */
  endCommit(): void
  /** Unpins the log. Idempotent. */
  close(): void
}

/** Reads the records of a log of every kind, in order. */
export interface LogRecordReader {
  /** Position of the current record. */
  readonly lsn: number
  /** Position of the next one. */
  readonly nextLsn: number
  readonly type: number
  readonly seq: number
  /** Borrowed until the next move. */
  readonly payload: Uint8Array
  /** Moves to the next record in the files. Returns false while there is none. @throws {@link LdbError} LDB_NOT_FOUND, LDB_IO, LDB_CORRUPTION. */
  next(): boolean
  close(): void
}

/** Keeps the commits after one in the log, up to the limit of readers. */
export interface CommitPin {
  /**
   * Opens a reader of the commits after it.
   *
   * @throws {@link LdbError} LDB_NOT_FOUND when the log no longer contains them.
   */
  open(): CommitReader
  /** Unpins the commits. Idempotent. */
  close(): void
}

/** Keeps the commits after a position of a consumer in the log, within the limits of consumers. */
export interface CommitHold {
  /** Bytes of the log that it keeps; 0 when there are no files. */
  readonly heldBytes: number
  /**
   * Keeps the commits after a later position only.
   *
   * @param seq - number of the last commit that is not kept.
   * @param lsn - end of that commit.
   */
  advance(seq: number, lsn: number): void
  /** Releases the commits. Idempotent. */
  close(): void
}

/** Returns the error of a reader whose next commit is no longer in the log. */
export function changesTruncated(since: number, oldest: number): LdbError {
  return new LdbError(
    'LDB_NOT_FOUND',
    `the changes since commit ${since} are no longer in the log, which begins after commit ${oldest}`,
    { details: { expected: since, actual: oldest } },
  )
}
