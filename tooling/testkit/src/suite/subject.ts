import type { Vfs } from '@ldb/vfs'
import { isLdbError } from '@ldb/base'
import type { LdbErrorCode } from '@ldb/base'
import type { History, ModelChange } from '../history/history.js'
import type { OrderRule, PathTest } from '../trace/order-rules.js'
import type { TestRandom } from '../base/test-random.js'
import { Violation } from '../base/violation.js'

/**
 * A system under test that stores commits in files.
 *
 * @category Drivers
 */
export interface Subject {
  readonly name: string
  /**
   * Share of the calls at which an error sweep injects an error; each seed takes other calls. Below 1 for systems that make many calls.
   *
   * @defaultValue 1
   */
  readonly sweepShare?: number
  /** Chooses the settings of a run at random. */
  newRun(random: TestRandom): SubjectRun
}

/**
 * A system under test with the settings of one run.
 *
 * @category Drivers
 */
export interface SubjectRun {
  /** The settings as JSON, for messages. */
  readonly settings: string
  /** The rules that the order of its file operations must follow. */
  readonly rules: readonly OrderRule[]
  /**
   * Share of the file operations at which drivers inject a crash or an error. Below 1 for runs with many expensive
   * operations.
   *
   * @defaultValue 1
   */
  readonly injectionShare?: number
  /** Reports whether a file must be durable before a commit is acknowledged as durable. */
  readonly isLog: PathTest
  /** Opens the stored data. Creates a new store only when `history.isCreated` is false. */
  open(vfs: Vfs, history: History): SubjectSession
}

/**
 * An open system under test.
 *
 * @category Drivers
 */
export interface SubjectSession {
  /**
   * False after a close, also when a step closed the store and failed to reopen it. The driver then reopens and
   * calls `observe`.
   */
  readonly isOpen: boolean
  /** True when the log ends with a record that the acknowledgement of the last step does not depend on, and that may not be synced. */
  readonly hasUnsyncedRecord?: boolean
  /**
   * Executes one random operation and records it and its result in `history`.
   *
   * @throws whatever the system throws; `history.inDoubt` is then set when the outcome is unknown.
   */
  step(random: TestRandom, history: History): Promise<void>
  /**
   * Reads the whole content and returns the number of the commit that it equals.
   *
   * @param least - the oldest commit that is allowed.
   * @throws Violation when the content equals that of no allowed commit.
   */
  observe(history: History, least: number): number
  /** Returns the findings of the system's own verification. */
  verify(): string[]
  /** Closes the store, cleanly or as a process that ends without a close. Idempotent. */
  close(clean: boolean): void
}

const REJECTION_CODES: readonly LdbErrorCode[] = [
  'LDB_POISONED',
  'LDB_CLOSED',
  'LDB_INVALID_ARGUMENT',
  'LDB_TOO_LARGE',
]

/**
 * Makes a commit: submits it to the history first, removes it when the system rejects it, and marks it in doubt
 * when it fails otherwise.
 *
 * @param isWritable - reports whether the system accepts further commits. One that does so after an error of a device has refused the
 * commit without effect.
 * @returns the number of the commit.
 * @throws Violation when a commit succeeds after one has failed.
 */
export function attemptCommit(
  history: History,
  changes: readonly ModelChange[],
  commit: () => void,
  isWritable: () => boolean = () => false,
): number {
  const number = history.submit(changes)
  try {
    commit()
  } catch (error) {
    if (REJECTION_CODES.some((code) => isLdbError(error, code)) || isRefusal(error, isWritable)) {
      history.removeRejected()
    } else history.inDoubt = true
    throw error
  }
  if (history.inDoubt) throw new Violation('a commit succeeded after another had failed')
  return number
}

/** Reports whether a commit failed for lack of descriptors or space before anything was logged. */
export function isRefusal(error: unknown, isWritable: () => boolean): boolean {
  return (isLdbError(error, 'LDB_IO') || isLdbError(error, 'LDB_NO_SPACE')) && isWritable()
}
