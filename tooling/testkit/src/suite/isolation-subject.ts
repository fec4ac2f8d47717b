/** The isolation levels of transactions. */
export type IsolationLevel = 'snapshot' | 'serializable'

/**
 * Bounds, direction and limit of a scan. Each character of a key is one byte, so string order equals byte order.
 */
export interface ScanRange {
  readonly gte?: string
  readonly lt?: string
  readonly reverse?: boolean
  readonly limit?: number
}

/** One keyspace as a transaction sees it. The methods have the names of the database's methods. */
export interface IsolationView {
  get(key: string): string | undefined
  getForUpdate(key: string): string | undefined
  put(key: string, value: string): void
  delete(key: string): void
  deleteRange(range: { readonly gte?: string; readonly lt?: string }): void
  /** Reads lazily: no entry past the last one that the caller consumes. */
  entries(range?: ScanRange): Iterable<readonly [key: string, value: string]>
  count(range?: { readonly gte?: string; readonly lt?: string }): number
}

/** A transaction of the system under test or of the reference. */
export interface IsolationTransaction {
  /** Returns the view of a keyspace, `'a'` or `'b'`. */
  in(keyspace: string): IsolationView
  savepoint(): unknown
  rollbackTo(savepoint: unknown): void
  /** @throws LdbError LDB_CONFLICT when the transaction conflicts with a commit made since it began. */
  commit(): void
  rollback(): void
}

/** An open instance of the system under test. */
export interface IsolationSession {
  begin(options: { readonly isolation: IsolationLevel; readonly readOnly?: boolean }): IsolationTransaction
  /**
   * Runs an operation that changes no content: a checkpoint, a checkpoint that also moves data to shrink the file,
   * or a close and reopen, which ends all transactions.
   */
  runMaintenance(kind: 'checkpoint' | 'shrink' | 'reopen'): void
  /** Writes outside of transactions. No case uses the keyspace `'elsewhere'`. */
  write(keyspace: string, key: string, value: string): void
  close(): void
}

/** A system under test that has transactions. */
export interface IsolationSubject {
  readonly name: string
  /** Opens an empty instance. */
  open(): IsolationSession
}

/** The keyspaces that the cases use. */
export const KEYSPACES = ['a', 'b'] as const
