import type {
  AsyncTransaction,
  Database,
  KeyspaceReads,
  KeyspaceWrites,
  Snapshot,
  TransactionKeyspace,
} from '@ldb/core'
import type { ChangeStream, CommittedChanges, Cursor, Savepoint } from '@ldb/core'

type Bytes = Uint8Array

/** A database, and the numbers of its keyspaces. These stay until it is closed, because operations of batches name them. */
export class OpenDatabase {
  readonly database: Database
  readonly keyspaceIds: Map<object, number> = new Map()

  constructor(database: Database) {
    this.database = database
  }
}

/** What reads and writes act on: a keyspace, or a keyspace through a transaction or a snapshot. */
export class Target {
  readonly reads: KeyspaceReads<Bytes, Bytes>
  /** The keyspace itself, where it is one. */
  readonly keyspace: KeyspaceWrites<Bytes, Bytes> | undefined
  /** The keyspace through a transaction, where it is one. */
  readonly transaction: TransactionKeyspace<Bytes, Bytes> | undefined
  /** The database of a keyspace itself. */
  readonly database: Database | undefined
  /** Number of the keyspace that it reads through a snapshot. */
  readonly keyspaceId: number | undefined
  /** True once the host has been offered the window of the keyspace, or where there is none: through a transaction or a snapshot. */
  isWindowSought: boolean

  constructor(
    reads: KeyspaceReads<Bytes, Bytes>,
    keyspace?: KeyspaceWrites<Bytes, Bytes>,
    transaction?: TransactionKeyspace<Bytes, Bytes>,
    database?: Database,
    keyspaceId?: number,
  ) {
    this.reads = reads
    this.keyspace = keyspace
    this.transaction = transaction
    this.database = database
    this.keyspaceId = keyspaceId
    this.isWindowSought = keyspace === undefined
  }
}

/** A snapshot. */
export class OpenSnapshot {
  readonly snapshot: Snapshot

  constructor(snapshot: Snapshot) {
    this.snapshot = snapshot
  }
}

/** A transaction and its savepoints, by the number that the host has of them. */
export class OpenTransaction {
  readonly transaction: AsyncTransaction
  readonly savepoints: Savepoint[] = []
  /** True once it has a commit that may be in flight. */
  isCommitted = false

  constructor(transaction: AsyncTransaction) {
    this.transaction = transaction
  }
}

/** A cursor, and whether its entry is yet to be packed. */
export class OpenIterator {
  readonly cursor: Cursor<Bytes, Bytes>
  /** The keyspace whose window may have its entries; `undefined` for one through a transaction. */
  readonly windowId: number | undefined
  /** True when the entry under the cursor did not fit into the previous batch. */
  isPending = false
  /** True after the last entry, until the next move by a function of its own. */
  isEnded = false

  constructor(cursor: Cursor<Bytes, Bytes>, windowId: number | undefined) {
    this.cursor = cursor
    this.windowId = windowId
  }
}

/** A stream of changes, and the outcome of its pending read. */
export class OpenChanges {
  readonly stream: ChangeStream<Bytes, Bytes>
  isReading = false
  result: CommittedChanges<Bytes, Bytes> | undefined = undefined
  error: unknown = undefined

  constructor(stream: ChangeStream<Bytes, Bytes>) {
    this.stream = stream
  }
}
