import { isLdbError, LdbError } from '@ldb/base'
import type { ActiveSegment } from './active-segment.js'

/** The first failed write or sync of a log. After it the log is poisoned: nothing more is written until the log is opened again (C3). */
export class WriteFailure {
  #cause: unknown
  #isSet: boolean

  constructor() {
    this.#cause = undefined
    this.#isSet = false
  }

  get isSet(): boolean {
    return this.#isSet
  }

  get cause(): unknown {
    return this.#cause
  }

  /** Records a failure. Later failures do not replace the first one. */
  set(cause: unknown): void {
    if (this.#isSet) return
    this.#isSet = true
    this.#cause = cause
  }

  /** Records a failed sync and returns the error for its caller. A sync is never retried. */
  setBySync(cause: unknown): LdbError {
    this.set(cause)
    return commitUnknown('records were written to the log, but the sync failed', cause)
  }

  /** @throws {@link LdbError} LDB_POISONED after a failure. */
  assertNone(): void {
    if (!this.#isSet) return
    throw new LdbError('LDB_POISONED', 'an earlier write or sync of the log failed; open the log again', {
      cause: this.#cause,
    })
  }
}

/** Returns the error for records that may or may not survive. */
export function commitUnknown(message: string, cause: unknown): LdbError {
  return new LdbError('LDB_COMMIT_UNKNOWN', message, { cause })
}

/**
 * Undoes a failed write: truncates the file to the flushed records and syncs it, because the file may hold whole records that
 * are reported as failed. If that fails too, the outcome is unknown. Returns the error for the caller.
 */
export function undoWrite(
  file: ActiveSegment,
  flushedLsn: number,
  failure: WriteFailure,
  error: unknown,
): unknown {
  failure.set(error)
  try {
    file.truncateTo(flushedLsn)
    file.sync()
  } catch (second) {
    if (!isLdbError(second)) throw second
    return commitUnknown('a write to the log failed and could not be undone', error)
  }
  return error
}
