import { resultOf, ExpectedError, formatValue, CallbackError } from '../commands/result.js'
import { expand } from '../commands/commands.js'
import type {
  BeginOptions,
  Durability,
  Read,
  TransactionCommand,
  TransactionStep,
} from '../commands/commands.js'
import { checkRead } from './reads.js'
import type { ReferenceReads } from './reads.js'
import type { ReferenceKeyspace } from './keyspace.js'
import type { ReferenceState } from './state.js'
import type { ReadView } from './scan.js'
import { ReferenceTransaction } from './transaction.js'
import { READS_MAX } from '../commands/run-settings.js'
import { checkDeletedRange, SortedEntries, spanOf } from './sorted-entries.js'

/** Transactions of the reference. */
export class ReferenceTransactions {
  readonly #state: ReferenceState
  readonly #reads: ReferenceReads

  constructor(state: ReferenceState, reads: ReferenceReads) {
    this.#state = state
    this.#reads = reads
  }

  /** @param actualResult - the result of the database, which decides where a conflict is optional. */
  execute(command: TransactionCommand, actualResult: string): string {
    const state = this.#state
    switch (command.do) {
      case 'txBegin':
        if (state.transactions.length >= READS_MAX) return 'enough'
        state.transactions.push(this.#begin(command))
        return 'open'
      case 'txStep':
        return this.#step(state.transaction(command.pick), command.step)
      case 'txCommit':
        return this.#commit(state.transaction(command.pick), command.durability, actualResult)
      case 'txRollback':
        state.transaction(command.pick).isOpen = false
        return 'rolled back'
      case 'txForget': {
        const transaction = state.transaction(command.pick)
        transaction.isOpen = false
        state.transactions = state.transactions.filter((other) => other !== transaction)
        this.#stopRecordingWhenIdle()
        return 'forgotten'
      }
      case 'transaction':
        return this.#run(command)
    }
  }

  #begin(options: BeginOptions): ReferenceTransaction {
    const { live, commits, readOnly } = this.#state
    const transaction = new ReferenceTransaction(
      readOnly ? { ...options, readOnly } : options,
      live.values(),
      commits.seq,
    )
    commits.recordsWrites = true
    return transaction
  }

  #stopRecordingWhenIdle(): void {
    const { commits, transactions } = this.#state
    if (transactions.some(({ isOpen }) => isOpen)) return
    commits.recordsWrites = false
    commits.writes = []
  }

  #run(command: TransactionCommand & { readonly do: 'transaction' }): string {
    const transaction = this.#begin(command)
    const results = command.steps.map((step) => resultOf(() => this.#step(transaction, step)))
    if (command.end === 'throw') throw new CallbackError()
    if (command.end === 'rollback') throw new ExpectedError('LDB_ABORTED')
    this.#commit(transaction, undefined, '')
    return results.join()
  }

  #commit(
    transaction: ReferenceTransaction,
    durability: Durability | undefined,
    actualResult: string,
  ): string {
    transaction.assertOpen()
    transaction.isOpen = false
    const { commits } = this.#state
    const loses = transaction.conflictsWith(commits)
    if (loses === 'yes' || (loses === 'perhaps' && actualResult === '!LDB_CONFLICT')) {
      throw new ExpectedError('LDB_CONFLICT')
    }
    if (transaction.operationCount === 0) return 'committed'
    if (transaction.targets.some(({ dropped }) => dropped)) throw new ExpectedError('LDB_NOT_FOUND')
    transaction.apply(commits)
    this.#state.commit(durability)
    return 'committed'
  }

  #step(transaction: ReferenceTransaction, step: TransactionStep): string {
    if (step.step === 'savepoint') {
      this.#assertWritable(transaction)
      transaction.createSavepoint()
      return 'saved'
    }
    if (step.step === 'rollbackTo') {
      this.#assertWritable(transaction)
      transaction.rollbackTo(step.savepoint)
      return 'undone'
    }
    const keyspace = this.#state.slot(step.ks)
    transaction.assertOpen()
    if ('key' in step && step.step !== 'read') this.#state.checkKey(keyspace, step.key)
    switch (step.step) {
      case 'read':
        return this.#reads.read(this.#readView(transaction, keyspace, step), step)
      case 'lock': {
        this.#assertWritable(transaction)
        const { entries } = transaction.view(keyspace)
        transaction.recordKeyRead(keyspace, expand(step.key))
        transaction.lock(keyspace, expand(step.key))
        return formatValue(entries.get(expand(step.key)))
      }
      case 'deleteRange':
        return this.#deleteRange(transaction, keyspace, step)
      case 'clear':
        this.#assertWritable(transaction)
        transaction.write(keyspace, transaction.view(keyspace).entries.keys.slice(), undefined, true)
        return 'done'
      case 'put':
      case 'delete':
        this.#assertWritable(transaction)
        transaction.assertVisible(keyspace)
        transaction.write(keyspace, [expand(step.key)], step.step === 'put' ? expand(step.value) : undefined)
        return 'done'
    }
  }

  #assertWritable(transaction: ReferenceTransaction): void {
    transaction.assertOpen()
    if (transaction.readOnly) throw new ExpectedError('LDB_READ_ONLY')
  }

  #deleteRange(
    transaction: ReferenceTransaction,
    keyspace: ReferenceKeyspace,
    { range }: TransactionStep & { readonly step: 'deleteRange' },
  ): string {
    checkDeletedRange(range, (text) => this.#state.checkKey(keyspace, text))
    if (spanOf(new SortedEntries(), range, keyspace.keys).isEmpty) return 'done'
    const { offset = 0, limit = Infinity, reverse = false } = range
    const isCounted = offset > 0 || limit !== Infinity
    if (!isCounted) this.#assertWritable(transaction)
    const { entries } = transaction.view(keyspace)
    const span = spanOf(entries, range, keyspace.keys)
    const count = Math.max(0, Math.min(limit, span.end - span.start - offset))
    // With `limit` or `offset`, the range delete first reads the entries, and does nothing when it finds none.
    if (isCounted) {
      transaction.recordScan(keyspace)
      if (count === 0) return 'done'
      this.#assertWritable(transaction)
    }
    const start = reverse ? span.end - offset - count : span.start + offset
    transaction.write(keyspace, entries.keys.slice(start, start + count), undefined, true)
    return 'done'
  }

  /** Returns the view of a read. Key length checks precede the check that the keyspace is visible. */
  #readView(
    transaction: ReferenceTransaction,
    keyspace: ReferenceKeyspace,
    step: TransactionStep & { readonly step: 'read' },
  ): ReadView {
    transaction.assertOpen()
    checkRead(keyspace.keys, step)
    if (step.read === 'get' || step.read === 'has' || step.read === 'expiresAt') {
      transaction.recordKeyRead(keyspace, expand(step.key))
    } else if (step.read === 'getMany') {
      for (const key of step.keys) transaction.recordKeyRead(keyspace, expand(key))
    } else transaction.recordScan(keyspace)
    return isEmptyRead(keyspace, step) ? transaction.emptyView(keyspace) : transaction.view(keyspace)
  }
}

/** Reports whether a read completes without a lookup. */
function isEmptyRead({ keys }: ReferenceKeyspace, read: Read): boolean {
  if (read.read === 'getMany') return read.keys.length === 0
  if (read.read !== 'count') return false
  return spanOf(new SortedEntries(), read.range ?? {}, keys).isEmpty
}
