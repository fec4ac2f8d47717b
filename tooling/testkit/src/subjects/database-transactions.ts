import { Database } from '@ldb/core'
import type { Keyspace, Savepoint, Transaction } from '@ldb/core'
import { MemoryVfs } from '@ldb/vfs'
import type {
  IsolationLevel,
  IsolationSession,
  IsolationSubject,
  IsolationTransaction,
  IsolationView,
} from '../suite/isolation-subject.js'

const PATH = '/home/data'

/** The transactions of the database, with its log, keyspaces and encodings. */
export const databaseTransactions: IsolationSubject = { name: 'database', open: () => new DatabaseSession() }

class DatabaseSession implements IsolationSession {
  readonly #vfs = new MemoryVfs()
  #db: Database
  /** Handles of the database that is open now. A transaction keeps the handles of its own database. */
  #keyspaces: Map<string, Keyspace<string, string>> = new Map()

  constructor() {
    this.#vfs.makeDirectory('/home')
    this.#db = Database.open(PATH, { vfs: this.#vfs })
  }

  begin(options: { readonly isolation: IsolationLevel; readonly readOnly?: boolean }): IsolationTransaction {
    const [db, keyspaces] = [this.#db, this.#keyspaces]
    return new DatabaseTransaction(db.begin(options), (name) => keyspaceOf(db, keyspaces, name))
  }

  runMaintenance(kind: 'checkpoint' | 'shrink' | 'reopen'): void {
    if (kind === 'checkpoint') this.#db.checkpoint()
    else if (kind === 'shrink') this.#db.compact()
    else {
      this.#db.close()
      this.#keyspaces = new Map()
      this.#db = Database.open(PATH, { vfs: this.#vfs })
    }
  }

  write(keyspace: string, key: string, value: string): void {
    keyspaceOf(this.#db, this.#keyspaces, keyspace).put(key, value)
  }

  close(): void {
    this.#db.close()
  }
}

function keyspaceOf(
  db: Database,
  known: Map<string, Keyspace<string, string>>,
  name: string,
): Keyspace<string, string> {
  let keyspace = known.get(name)
  if (keyspace === undefined) {
    keyspace = db.keyspace(name)
    known.set(name, keyspace)
  }
  return keyspace
}

/** Adapts a transaction of the sync API to the interface of the isolation suites. */
export class DatabaseTransaction implements IsolationTransaction {
  readonly #transaction: Transaction
  readonly #keyspace: (name: string) => Keyspace<string, string>

  constructor(transaction: Transaction, keyspace: (name: string) => Keyspace<string, string>) {
    this.#transaction = transaction
    this.#keyspace = keyspace
  }

  in(keyspace: string): IsolationView {
    const tx = this.#transaction.in(this.#keyspace(keyspace))
    return {
      get: (key) => tx.get(key),
      getForUpdate: (key) => tx.getForUpdate(key),
      put: (key, value) => void tx.put(key, value),
      delete: (key) => void tx.delete(key),
      deleteRange: (range) => void tx.deleteRange(range),
      entries: (range) => tx.entries(range),
      count: (range) => tx.count(range),
    }
  }

  savepoint(): unknown {
    return this.#transaction.savepoint()
  }

  rollbackTo(savepoint: unknown): void {
    this.#transaction.rollbackTo(savepoint as Savepoint)
  }

  commit(): void {
    this.#transaction.commit()
  }

  rollback(): void {
    this.#transaction.rollback()
  }
}
