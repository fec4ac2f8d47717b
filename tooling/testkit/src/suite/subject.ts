import type { Vfs } from '@ldb/vfs'
import { isLdbError } from '@ldb/base'
import type { LdbErrorCode } from '@ldb/base'
import type { History, ModelChange } from '../history/history.js'
import type { OrderRule, PathTest } from '../trace/order-rules.js'
import type { TestRandom } from '../test-random.js'
import { Violation } from '../violation.js'

/**
 * A system under test: something that keeps commits in files.
 *
 * @category Drivers
 */
export interface Subject {
  readonly name: string
  /** Chooses the settings of a run. */
  newRun(random: TestRandom): SubjectRun
}

/**
 * A system under test with its settings.
 *
 * @category Drivers
 */
export interface SubjectRun {
  /** The settings, for messages. */
  readonly settings: string
  /** Order of file operations that it promises. */
  readonly rules: readonly OrderRule[]
  /**
   * Share of its operations at which drivers try something: less than 1 where there are many and each costs much.
   *
   * @defaultValue 1
   */
  readonly triedShare?: number
  /** Files that must be on the device whenever a commit is acknowledged as durable. */
  readonly isLog: PathTest
  /** Opens what is there; begins a new one only when `history` knows of none. */
  open(vfs: Vfs, history: History): SubjectSession
}

/**
 * A system under test that is open.
 *
 * @category Drivers
 */
export interface SubjectSession {
  /** False once it was closed, by a step too: what comes next is to open again, and to look. */
  readonly isOpen: boolean
  /**
   * Does one random thing, and tells `history` what was asked and what was answered.
   *
   * @throws what the system throws; `history` then knows what is in doubt.
   */
  step(random: TestRandom, history: History): Promise<void>
  /**
   * Looks at everything, and gives the number of the commit whose state it is.
   *
   * @param least - the oldest that is allowed.
   * @throws Violation when there is none.
   */
  observe(history: History, least: number): number
  /** Returns everything that the system's own check finds wrong. */
  verify(): string[]
  /** Gives everything back; cleanly or not. Idempotent. */
  close(clean: boolean): void
}

/** Told when a step has acknowledged something as durable. */
export type Acknowledged = () => void

const REJECTION_CODES: readonly LdbErrorCode[] = [
  'LDB_POISONED',
  'LDB_CLOSED',
  'LDB_INVALID_ARGUMENT',
  'LDB_TOO_LARGE',
]

/**
 * Makes a commit: tells the history first, takes it back when it was refused, and leaves it in doubt when it failed.
 *
 * @returns the number of the commit.
 */
export function attemptCommit(history: History, changes: readonly ModelChange[], commit: () => void): number {
  const number = history.submit(changes)
  try {
    commit()
  } catch (error) {
    if (REJECTION_CODES.some((code) => isLdbError(error, code))) history.removeRejected()
    else history.inDoubt = true
    throw error
  }
  if (history.inDoubt) throw new Violation('a commit was taken after one that has failed')
  return number
}
