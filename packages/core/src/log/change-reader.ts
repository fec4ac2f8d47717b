import { LdbError } from '@ldb/base'

/** Reads commits out of a log, in their order. */
export interface CommitReader {
  /** Number of the commit it stands on. */
  readonly seq: number
  /** The commit, as an encoded batch: borrowed until the next move. */
  readonly payload: Uint8Array
  /** Name of the file that it is in, for errors. */
  readonly file: string
  /**
   * Moves to the next commit whose number is not above `seqMax`; false while there is none.
   *
   * @throws {@link LdbError} LDB_NOT_FOUND when it has fallen behind what the log keeps; LDB_IO, LDB_CORRUPTION.
   */
  next(seqMax: number): boolean
  /** Holds the log back no more. Idempotent. */
  close(): void
}

/** Makes the error of a reader that asks for what the log no longer has. */
export function changesGone(since: number, oldest: number): LdbError {
  return new LdbError(
    'LDB_NOT_FOUND',
    `the changes since commit ${since} are no longer in the log, which begins behind ${oldest}`,
    { details: { expected: since, actual: oldest } },
  )
}
