/** The two levels. */
export type IsolationLevel = 'snapshot' | 'serializable'

/** Which entries of a scan. A key is a text of one-byte characters, so that texts sort as their bytes do. */
export interface ScanRange {
  readonly gte?: string
  readonly lt?: string
  readonly reverse?: boolean
  readonly limit?: number
}

/** One keyspace seen through a transaction. The names are those of the database. */
export interface IsolationView {
  get(key: string): string | undefined
  getForUpdate(key: string): string | undefined
  put(key: string, value: string): void
  delete(key: string): void
  deleteRange(range: { readonly gte?: string; readonly lt?: string }): void
  /** Reads no further than it is asked to. */
  entries(range?: ScanRange): Iterable<readonly [key: string, value: string]>
  count(range?: { readonly gte?: string; readonly lt?: string }): number
}

/** A transaction of the system under test, or of the reference. */
export interface IsolationTransaction {
  /** Keyspaces have the names `'a'` and `'b'`. */
  in(keyspace: string): IsolationView
  savepoint(): unknown
  rollbackTo(savepoint: unknown): void
  /** Throws an `LdbError` with the code `LDB_CONFLICT` when it has lost. */
  commit(): void
  rollback(): void
}

/** The system under test, open. */
export interface IsolationSession {
  begin(options: { readonly isolation: IsolationLevel; readonly readOnly?: boolean }): IsolationTransaction
  /** Does what changes no content: a checkpoint; one that moves data; ending and opening again, which ends all transactions. */
  runMaintenance(kind: 'checkpoint' | 'shrink' | 'reopen'): void
  /** Writes outside of transactions; `'elsewhere'` is a keyspace that no case uses. */
  write(keyspace: string, key: string, value: string): void
  close(): void
}

/** Something that has transactions. */
export interface IsolationSubject {
  readonly name: string
  /** Opens an empty one. */
  open(): IsolationSession
}

/** Where the cases keep their data. */
export const KEYSPACES = ['a', 'b'] as const
