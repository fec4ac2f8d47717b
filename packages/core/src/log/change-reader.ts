import { LdbError } from '@ldb/base'

/** Reads the commits of a log, in order. */
export interface CommitReader {
  /** Number of the current commit. */
  readonly seq: number
  /** The current commit, as an encoded batch: borrowed until the next move. */
  readonly payload: Uint8Array
  /** Type of the record of the current commit. */
  readonly type: number
  /** True when the current commit is a load: its batch is one range delete with the range of the loaded keys. */
  readonly isLoad: boolean
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

/** Returns the error of a reader whose next commit is no longer in the log. */
export function changesTruncated(since: number, oldest: number): LdbError {
  return new LdbError(
    'LDB_NOT_FOUND',
    `the changes since commit ${since} are no longer in the log, which begins after commit ${oldest}`,
    { details: { expected: since, actual: oldest } },
  )
}
