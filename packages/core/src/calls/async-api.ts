import type { Environment } from '@ldb/vfs'
import type { AsyncCommits } from '../commit/async-commits.js'
import { throwIfAborted, untilAborted } from '../health/abort-signal.js'
import type { AbortSignalLike } from '../health/abort-signal.js'
import type { Health } from '../health/health.js'
import type { ReadGate } from '../resident/read-gate.js'
import { CallOrder } from './call-order.js'
import { TransactionTurns } from './transaction-turns.js'

/**
 * State that every object of the asynchronous API of one database shares: the read gate, the commit queue, the order of the
 * calls, which `close` ends, and that of retried transactions.
 */
export class AsyncApi {
  readonly gate: ReadGate
  readonly commits: AsyncCommits
  readonly health: Health
  /** The calls on the database itself and on its keyspaces, those on scans, cursors and snapshots included. */
  readonly calls: CallOrder
  /** The order of retried transactions. */
  readonly turns: TransactionTurns

  constructor(
    gate: ReadGate,
    commits: AsyncCommits,
    health: Health,
    { clock, scheduler }: Pick<Environment, 'clock' | 'scheduler'>,
  ) {
    this.gate = gate
    this.commits = commits
    this.health = health
    this.calls = new CallOrder(gate)
    this.turns = new TransactionTurns(clock, scheduler)
  }

  /** Throws `LDB_CLOSED` after the first call of `close`. */
  assertOpen(): void {
    this.calls.assertOpen()
  }

  /** Returns the result of an operation that was answered without waiting; see `ReadGate.answer`. */
  answer<T>(result: T, byteCount?: number): T | Promise<T> {
    return this.gate.answer(result, byteCount)
  }

  /**
   * Runs a read action inside the read gate, and loads missing pages off the thread.
   *
   * @param check - called before each attempt; throws to end the operation.
   * @param signal - ends the operation before an attempt or during a load.
   */
  read<T>(action: () => T, check: () => void, signal: AbortSignalLike | undefined): Promise<T> {
    if (signal === undefined) return this.gate.read(action, check)
    const checkBoth = (): void => {
      throwIfAborted(signal)
      check()
    }
    return this.gate.read(action, checkBoth, (load) => untilAborted(load, signal))
  }
}
