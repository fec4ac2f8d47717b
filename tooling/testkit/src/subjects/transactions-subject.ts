import { WriteBatch } from '@ldb/base'
import type { StoreCursor } from '@ldb/base'
import { BTree } from '@ldb/btree'
import { TransactionManager } from '@ldb/mvcc'
import type { Savepoint, Transaction } from '@ldb/mvcc'
import { MemoryVfs } from '@ldb/vfs'
import type {
  IsolationLevel,
  IsolationSession,
  IsolationSubject,
  IsolationTransaction,
  IsolationView,
  ScanRange,
} from '../suite/isolation-subject.js'

const IDS: ReadonlyMap<string, number> = new Map([
  ['a', 1],
  ['b', 2],
  ['elsewhere', 3],
])

/** The transaction manager alone, over B+trees in memory. */
export const transactionsSubject: IsolationSubject = { name: 'mvcc', open: () => new ManagerSession() }

class ManagerSession implements IsolationSession {
  readonly #vfs = new MemoryVfs()
  #trees: BTree[] = []
  #manager: TransactionManager

  constructor() {
    this.#manager = this.#open()
  }

  begin(options: { readonly isolation: IsolationLevel; readonly readOnly?: boolean }): IsolationTransaction {
    return new ManagerTransaction(this.#manager.begin(options))
  }

  runMaintenance(kind: 'checkpoint' | 'shrink' | 'reopen'): void {
    for (const tree of this.#trees) {
      if (kind === 'shrink') tree.compact()
      else tree.checkpoint()
    }
    if (kind !== 'reopen') return
    this.close()
    this.#manager = this.#open()
  }

  write(keyspace: string, key: string, value: string): void {
    const batch = new WriteBatch()
    batch.put(IDS.get(keyspace) ?? 0, bytesOf(key), bytesOf(value))
    this.#manager.write(batch)
  }

  close(): void {
    this.#manager.close()
    for (const tree of this.#trees) tree.close()
  }

  #open(): TransactionManager {
    this.#trees = [...IDS.values()].map((id) =>
      BTree.open(this.#vfs, `/${id}.ldb`, { cacheBytes: 65_536, pageBytes: 512 }),
    )
    const seq = Math.max(...this.#trees.map((tree) => tree.seq))
    return new TransactionManager({ stores: this.#trees.map((tree, index) => [index + 1, tree]), seq })
  }
}

class ManagerTransaction implements IsolationTransaction {
  readonly #transaction: Transaction

  constructor(transaction: Transaction) {
    this.#transaction = transaction
  }

  in(keyspace: string): IsolationView {
    const tx = this.#transaction
    const id = IDS.get(keyspace) ?? 0
    return {
      get: (key) => textOf(tx.get(id, bytesOf(key))),
      getForUpdate: (key) => textOf(tx.getForUpdate(id, bytesOf(key))),
      put: (key, value) => tx.put(id, bytesOf(key), bytesOf(value)),
      delete: (key) => tx.delete(id, bytesOf(key)),
      deleteRange: ({ gte, lt }) => tx.deleteRange(id, optional(gte), optional(lt)),
      entries: (range = {}) =>
        entriesOf(tx.cursor(id, { lower: optional(range.gte), upper: optional(range.lt) }), range),
      count: ({ gte, lt } = {}) => tx.count(id, { lower: optional(gte), upper: optional(lt) }),
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

function* entriesOf(cursor: StoreCursor, range: ScanRange): Generator<[string, string]> {
  const { reverse = false, limit = Infinity } = range
  try {
    for (let count = 0; count < limit; count++) {
      // An unpositioned cursor moves to the first entry of its direction.
      if (!(reverse ? cursor.previous() : cursor.next())) return
      yield [textOf(cursor.key) ?? '', textOf(cursor.value) ?? '']
    }
  } finally {
    cursor.close()
  }
}

function bytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'latin1'))
}

function optional(text: string | undefined): Uint8Array | undefined {
  return text === undefined ? undefined : bytesOf(text)
}

function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : String.fromCharCode(...bytes)
}
