import { Fifo } from '@ldb/base'
import type { Transaction } from '@ldb/mvcc'
import type { Clock, ScheduledTask, Scheduler } from '@ldb/vfs'
import { untilAborted } from '../health/abort-signal.js'
import type { AbortSignalLike } from '../health/abort-signal.js'
import type { PendingCall } from './pending-call.js'

/** Time from the beginning of a retry for which every other commit waits for it, in ms. */
const EXCLUSIVE_MS = 10
/** Time from the beginning of a retry for which it has the turn, at least and at most, in ms. */
const LIMIT_MS_MIN = 100
const LIMIT_MS_MAX = 30_000
/** A retry has the turn for so many times the duration of its previous attempt. */
const DURATION_FACTOR = 2

/** The right of a retried transaction to run while no other retried one does, and to commit before those that are not. */
export class TransactionTurn {
  readonly call: PendingCall
  /** Time for which the turn lasts once the attempt has begun, in ms. */
  readonly limitMs: number
  readonly granted: Promise<void>
  /** The attempt; `undefined` until it begins. */
  transaction: Transaction | undefined = undefined
  beganAtMs = 0
  isOver = false
  #grant: () => void = nothing

  constructor(call: PendingCall, limitMs: number) {
    this.call = call
    this.limitMs = limitMs
    this.granted = new Promise((resolve) => {
      this.#grant = resolve
    })
  }

  /** Lets the retry begin. */
  grant(): void {
    this.#grant()
  }
}

/** A commit that waits for the end of a turn. */
interface HeldCommit {
  readonly transaction: Transaction
  readonly release: () => void
}

/**
 * The order in which transactions are retried after a conflict (A13): one at a time, first come, first served. While a retry has the
 * turn, transactions that are not retried run, and their commits wait, so that the retry does not meet a conflict again.
 *
 * A commit waits for one turn, not for all: at the end of a turn, the waiting commits come before the next retry. After 10 ms only
 * those wait that would be a conflict for the retry by what it has read and written so far. A turn lasts for twice the duration of
 * the previous attempt, at least 100 ms: after that the retry runs on without it, because it may itself wait for a transaction that
 * waits for the turn.
 */
export class TransactionTurns {
  readonly #clock: Clock
  readonly #scheduler: Scheduler
  readonly #waiting: Fifo<TransactionTurn> = new Fifo()
  #current: TransactionTurn | undefined = undefined
  #held: Set<HeldCommit> = new Set()
  #timer: ScheduledTask | undefined = undefined
  #isClosing = false

  constructor(clock: Clock, scheduler: Scheduler) {
    this.#clock = clock
    this.#scheduler = scheduler
  }

  /** The time, in ms. */
  now(): number {
    return this.#clock.monotonic()
  }

  /**
   * Waits until the turn comes.
   *
   * @param call - the call of which the transaction is a part.
   * @param previousMs - duration of the attempt that met a conflict.
   * @throws {@link LdbError} LDB_ABORTED.
   */
  async take(
    call: PendingCall,
    previousMs: number,
    signal: AbortSignalLike | undefined,
  ): Promise<TransactionTurn> {
    const limitMs = Math.min(LIMIT_MS_MAX, Math.max(LIMIT_MS_MIN, DURATION_FACTOR * previousMs))
    const turn = new TransactionTurn(call, limitMs)
    this.#waiting.push(turn)
    if (this.#current === undefined) this.#next()
    else this.#startTimer()
    try {
      await untilAborted(turn.granted, signal)
    } catch (error) {
      this.end(turn)
      throw error
    }
    return turn
  }

  /** Notes that the attempt of a turn begins. */
  begin(turn: TransactionTurn, transaction: Transaction): void {
    turn.transaction = transaction
    turn.beganAtMs = this.now()
    if (turn === this.#current) this.#startTimer()
  }

  /** Ends a turn, or the wait for it. Idempotent. */
  end(turn: TransactionTurn): void {
    turn.isOver = true
    if (turn === this.#current) this.#next()
  }

  /**
   * Runs the commit of a transaction that has no turn: at once, or when the turn of another one ends.
   *
   * @throws {@link LdbError} LDB_ABORTED, and the errors of the commit.
   */
  async commit(
    transaction: Transaction,
    commit: () => Promise<void>,
    signal: AbortSignalLike | undefined,
  ): Promise<void> {
    if (this.#current === undefined || !transaction.hasWrites || this.#mayPass(transaction)) return commit()
    let held: HeldCommit | undefined
    // The commit is called before the next turn begins, in the step that ends this one.
    const released = new Promise<void>((resolve, reject) => {
      held = {
        transaction,
        release: () => {
          commit().then(resolve, reject)
        },
      }
      this.#held.add(held)
    })
    if (this.#held.size === 1) this.#restartTimer()
    try {
      await untilAborted(released, signal)
    } finally {
      if (held !== undefined) this.#held.delete(held)
    }
  }

  /** Time since the turn began, in ms; `undefined` when it has not begun. */
  #ranMs(turn: TransactionTurn): number | undefined {
    return turn.transaction === undefined ? undefined : this.now() - turn.beganAtMs
  }

  /** Reports whether a commit need not wait for the current turn. */
  #mayPass(transaction: Transaction): boolean {
    const retried = this.#current?.transaction
    if (this.#current === undefined || retried === undefined) return false
    return (this.#ranMs(this.#current) ?? 0) >= EXCLUSIVE_MS && !transaction.wouldConflict(retried)
  }

  /**
   * From now on, a turn also ends when its call makes no progress for a turn of the event loop, as `close` waits for no other calls.
   */
  beginClose(): void {
    this.#isClosing = true
    this.#endWithoutProgress()
  }

  #next(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    const held = this.#held
    this.#held = new Set()
    let next = this.#waiting.shift()
    while (next?.isOver === true) next = this.#waiting.shift()
    this.#current = next
    for (const { release } of held) release()
    next?.grant()
    this.#endWithoutProgress()
  }

  #endWithoutProgress(): void {
    const turn = this.#current
    if (!this.#isClosing || turn === undefined) return
    void turn.call.passed().then(() => {
      this.end(turn)
    })
  }

  #restartTimer(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#startTimer()
  }

  /** Checks the turn when its next limit is reached, if anything waits for it. */
  #startTimer(): void {
    const turn = this.#current
    if (turn === undefined || this.#timer !== undefined) return
    const ranMs = this.#ranMs(turn)
    if (ranMs === undefined || (this.#waiting.length === 0 && this.#held.size === 0)) return
    const limitMs = ranMs < EXCLUSIVE_MS && this.#held.size > 0 ? EXCLUSIVE_MS : turn.limitMs
    this.#timer = this.#scheduler.after(Math.max(0, limitMs - ranMs), () => {
      this.#timer = undefined
      this.#check(turn)
    })
  }

  #check(turn: TransactionTurn): void {
    if (turn !== this.#current) return
    if ((this.#ranMs(turn) ?? 0) >= turn.limitMs) {
      this.end(turn)
      return
    }
    for (const held of this.#held) {
      if (!this.#mayPass(held.transaction)) continue
      this.#held.delete(held)
      held.release()
    }
    this.#startTimer()
  }
}

function nothing(): void {
  // Replaced by the executor of the promise.
}
