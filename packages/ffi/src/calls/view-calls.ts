import { invalidArgument } from '@ldb/base'
import type { KeyspaceWrites } from '@ldb/core'
import type { LibraryContext, LibraryFunction } from '../library-context.js'
import { OpenDatabase, OpenSnapshot, OpenTransaction, Target } from '../library-objects.js'
import { isolationOf } from '../option-block.js'
import { writeOptions } from './data-calls.js'

/** Snapshots, transactions, and keyspaces through them. */
export function viewCalls({ objects }: LibraryContext): Record<string, LibraryFunction> {
  const transactionOf = (id: number): OpenTransaction => objects.get(id, OpenTransaction)
  const keyspaceOf = (id: number): KeyspaceWrites<Uint8Array, Uint8Array> => {
    const { keyspace } = objects.get(id, Target)
    if (keyspace === undefined) throw invalidArgument('the handle is not that of a keyspace itself')
    return keyspace
  }
  return {
    openSnapshot: (id) => objects.add(new OpenSnapshot(objects.get(id, OpenDatabase).database.snapshot())),
    closeSnapshot(id) {
      objects.get(id, OpenSnapshot).snapshot.release()
      objects.remove(id)
      return 0
    },
    inSnapshot(id, keyspace) {
      const view = objects.get(id, OpenSnapshot).snapshot.in(keyspaceOf(keyspace))
      return objects.add(new Target(view, undefined, undefined, undefined, keyspace))
    },
    /** @param isReadOnly - 1: writes are refused. */
    begin(id, isolation, isReadOnly) {
      const level = isolationOf(isolation)
      const transaction = objects.get(id, OpenDatabase).database.promises.begin({
        ...(level === undefined ? {} : { isolation: level }),
        readOnly: isReadOnly !== 0,
      })
      return objects.add(new OpenTransaction(transaction))
    },
    inTransaction(id, keyspace) {
      const view = transactionOf(id).transaction.sync.in(keyspaceOf(keyspace))
      return objects.add(new Target(view, undefined, view))
    },
    commit(id, durability) {
      transactionOf(id).transaction.sync.commit(writeOptions(durability))
      return 0
    },
    rollback(id) {
      rollBack(transactionOf(id))
      return 0
    },
    /** Rolls back a transaction that has not ended, and forgets it. */
    closeTransaction(id) {
      rollBack(transactionOf(id))
      objects.remove(id)
      return 0
    },
    savepoint(id) {
      const { transaction, savepoints } = transactionOf(id)
      return savepoints.push(transaction.sync.savepoint())
    },
    rollbackTo(id, number) {
      const { transaction, savepoints } = transactionOf(id)
      const savepoint = savepoints[number - 1]
      if (savepoint === undefined) throw invalidArgument('the transaction has no such savepoint')
      transaction.sync.rollbackTo(savepoint)
      return 0
    },
    /** Forgets a keyspace, or a keyspace through something. */
    closeTarget(id) {
      objects.remove(id)
      return 0
    },
  }
}

/** Discards the writes of a transaction; those of one whose commit is in flight stay. */
function rollBack({ transaction, isCommitted }: OpenTransaction): void {
  if (!isCommitted) transaction.sync.rollback()
}
