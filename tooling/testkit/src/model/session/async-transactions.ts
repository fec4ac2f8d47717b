import type { AsyncDatabaseHandle, AsyncTransaction, AsyncTransactionKeyspace, Savepoint } from '@ldb/core'
import { resultOfAsync, NoTarget, formatValue, CallbackError } from '../commands/result.js'
import type { AsyncSessionReads, AsyncTextReads } from './async-reads.js'
import { expand } from '../commands/commands.js'
import type { TransactionCommand, TransactionStep } from '../commands/commands.js'
import { READS_MAX } from '../commands/run-settings.js'
import { rangeOptionsOf } from './reads.js'
import { beginOptionsOf } from './transactions.js'
import type { Slot } from './slot.js'
import type { OpenTransaction, SessionTransactions } from './transactions.js'

/** An open transaction of the async API. */
interface AsyncOpenTransaction {
  readonly tx: AsyncTransaction
  readonly savepoints: Savepoint[]
}

/** Transactions through the async API. The sync session lists the same transactions in the same order. */
export class AsyncSessionTransactions {
  #open: AsyncOpenTransaction[] = []
  readonly #reads: AsyncSessionReads
  readonly #sync: SessionTransactions
  readonly #slot: (ks: number) => Slot

  constructor(reads: AsyncSessionReads, sync: SessionTransactions, slot: (ks: number) => Slot) {
    this.#reads = reads
    this.#sync = sync
    this.#slot = slot
  }

  /** Removes all open transactions. */
  reset(): void {
    this.#open = []
  }

  async execute(db: AsyncDatabaseHandle, command: TransactionCommand): Promise<string> {
    switch (command.do) {
      case 'txBegin': {
        if (this.#open.length >= READS_MAX) return 'enough'
        const tx = db.begin(beginOptionsOf(command))
        const savepoints: Savepoint[] = []
        this.#open.push({ tx, savepoints })
        this.#sync.open.push({ tx: tx.sync, savepoints })
        return 'open'
      }
      case 'txStep':
        return this.#step(this.#picked(command.pick), command.step)
      case 'txCommit': {
        const { durability } = command
        await this.#picked(command.pick).tx.commit(durability === undefined ? undefined : { durability })
        return 'committed'
      }
      case 'txRollback':
        await this.#picked(command.pick).tx.rollback()
        return 'rolled back'
      case 'txForget': {
        const picked = this.#picked(command.pick)
        await picked.tx[Symbol.asyncDispose]()
        this.#open = this.#open.filter((other) => other !== picked)
        this.#sync.open = this.#sync.open.filter(({ tx }: OpenTransaction) => tx !== picked.tx.sync)
        return 'forgotten'
      }
      case 'transaction':
        return this.#run(db, command)
    }
  }

  /** Returns the reads of an open transaction in a keyspace. */
  reads(pick: number, ks: number): AsyncTextReads {
    const { keyspace, keys, values } = this.#slot(ks)
    return { reads: this.#picked(pick).tx.in(keyspace), keys, values }
  }

  #picked(pick: number): AsyncOpenTransaction {
    const picked = this.#open[pick % Math.max(1, this.#open.length)]
    if (picked === undefined) throw new NoTarget()
    return picked
  }

  #run(
    db: AsyncDatabaseHandle,
    command: TransactionCommand & { readonly do: 'transaction' },
  ): Promise<string> {
    return db.transaction(async (tx) => {
      const open = { tx, savepoints: [] }
      const results: string[] = []
      for (const step of command.steps) results.push(await resultOfAsync(() => this.#step(open, step)))
      if (command.end === 'throw') throw new CallbackError()
      if (command.end === 'commit') await tx.commit()
      if (command.end === 'rollback') await tx.rollback()
      return results.join()
    }, beginOptionsOf(command))
  }

  async #step({ tx, savepoints }: AsyncOpenTransaction, step: TransactionStep): Promise<string> {
    if (step.step === 'savepoint') {
      savepoints.push(await tx.savepoint())
      return 'saved'
    }
    if (step.step === 'rollbackTo') {
      const savepoint = savepoints[step.savepoint % Math.max(1, savepoints.length)]
      await tx.rollbackTo(savepoint ?? ({} as Savepoint))
      return 'undone'
    }
    const { keyspace, keys, values } = this.#slot(step.ks)
    // The methods of the transaction itself apply to `default`.
    const view =
      step.ks === 0 ? (tx as unknown as AsyncTransactionKeyspace<unknown, unknown>) : tx.in(keyspace)
    switch (step.step) {
      case 'read':
        return this.#reads.read({ reads: view, keys, values }, step)
      case 'lock': {
        const value = await view.getForUpdate(keys.toKey(expand(step.key)))
        return formatValue(value === undefined ? undefined : values.fromValue(value))
      }
      case 'put':
        await view.put(keys.toKey(expand(step.key)), values.toValue(expand(step.value)))
        return 'done'
      case 'delete':
        await view.delete(keys.toKey(expand(step.key)))
        return 'done'
      case 'deleteRange':
        await view.deleteRange(rangeOptionsOf(step.range, keys) ?? {})
        return 'done'
      case 'clear':
        await view.clear()
        return 'done'
    }
  }
}
