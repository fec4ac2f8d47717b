import type { Database, Savepoint, Transaction, TransactionKeyspace } from '@ldb/core'
import { resultOf, NoTarget, formatValue, CallbackError } from '../commands/result.js'
import { expand } from '../commands/commands.js'
import type { BeginOptions, TransactionCommand, TransactionStep } from '../commands/commands.js'
import { READS_MAX } from '../commands/run-settings.js'
import { rangeOptionsOf } from './reads.js'
import type { SessionReads, TextReads } from './reads.js'
import type { Slot } from './slot.js'

/** A transaction that is open or has ended, and its savepoints. */
export interface OpenTransaction {
  readonly tx: Transaction
  readonly savepoints: Savepoint[]
}

/** Transactions through the sync API. */
export class SessionTransactions {
  open: OpenTransaction[] = []
  readonly #reads: SessionReads
  readonly #slot: (ks: number) => Slot

  constructor(reads: SessionReads, slot: (ks: number) => Slot) {
    this.#reads = reads
    this.#slot = slot
  }

  execute(db: Database, command: TransactionCommand): string {
    switch (command.do) {
      case 'txBegin':
        if (this.open.length >= READS_MAX) return 'enough'
        this.open.push({ tx: db.begin(beginOptionsOf(command)), savepoints: [] })
        return 'open'
      case 'txStep':
        return this.#step(this.picked(command.pick), command.step)
      case 'txCommit': {
        const { durability } = command
        this.picked(command.pick).tx.commit(durability === undefined ? undefined : { durability })
        return 'committed'
      }
      case 'txRollback':
        this.picked(command.pick).tx.rollback()
        return 'rolled back'
      case 'txForget': {
        const picked = this.picked(command.pick)
        picked.tx.rollback()
        this.open = this.open.filter((other) => other !== picked)
        return 'forgotten'
      }
      case 'transaction':
        return this.#run(db, command)
    }
  }

  /** Returns a transaction, chosen modulo their number. */
  picked(pick: number): OpenTransaction {
    const picked = this.open[pick % Math.max(1, this.open.length)]
    if (picked === undefined) throw new NoTarget()
    return picked
  }

  /** Returns the reads of a transaction in a keyspace. */
  reads(pick: number, ks: number): TextReads {
    const { keyspace, keys, values } = this.#slot(ks)
    return { reads: this.picked(pick).tx.in(keyspace), keys, values }
  }

  #run(db: Database, command: TransactionCommand & { readonly do: 'transaction' }): string {
    return db.transaction((tx) => {
      const open = { tx, savepoints: [] }
      const results = command.steps.map((step) => resultOf(() => this.#step(open, step)))
      if (command.end === 'throw') throw new CallbackError()
      if (command.end === 'commit') tx.commit()
      if (command.end === 'rollback') tx.rollback()
      return results.join()
    }, beginOptionsOf(command))
  }

  #step({ tx, savepoints }: OpenTransaction, step: TransactionStep): string {
    if (step.step === 'savepoint') {
      savepoints.push(tx.savepoint())
      return 'saved'
    }
    if (step.step === 'rollbackTo') {
      const savepoint = savepoints[step.savepoint % Math.max(1, savepoints.length)]
      tx.rollbackTo(savepoint ?? ({} as Savepoint))
      return 'undone'
    }
    const { keyspace, keys, values } = this.#slot(step.ks)
    // The methods of the transaction itself apply to `default`.
    const view = step.ks === 0 ? (tx as unknown as TransactionKeyspace<unknown, unknown>) : tx.in(keyspace)
    switch (step.step) {
      case 'read':
        return this.#reads.read({ reads: view, keys, values }, step)
      case 'lock': {
        const value = view.getForUpdate(keys.toKey(expand(step.key)))
        return formatValue(value === undefined ? undefined : values.fromValue(value))
      }
      case 'put':
        view.put(keys.toKey(expand(step.key)), values.toValue(expand(step.value)))
        return 'done'
      case 'delete':
        view.delete(keys.toKey(expand(step.key)))
        return 'done'
      case 'deleteRange':
        view.deleteRange(rangeOptionsOf(step.range, keys) ?? {})
        return 'done'
      case 'clear':
        view.clear()
        return 'done'
    }
  }
}

/** Returns the options of `begin`, or `undefined` when none is set. */
export function beginOptionsOf({ isolation, readOnly }: BeginOptions): BeginOptions | undefined {
  if (isolation === undefined && readOnly === undefined) return undefined
  return {
    ...(isolation === undefined ? {} : { isolation }),
    ...(readOnly === undefined ? {} : { readOnly }),
  }
}
