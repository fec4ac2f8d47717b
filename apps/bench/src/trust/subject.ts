/** A key and its value. */
export type Entry = readonly [key: string, value: string]

/** How to open a store for a trial. */
export interface TrustOptions {
  /** The store's folder, which exists. */
  readonly dir: string
  /** Encrypts the store: 32 bytes. */
  readonly key?: Uint8Array
  /** Keeps what a restore to a point in time needs, in this folder. */
  readonly archive?: string
}

/** An open store, as the trials use it. */
export interface TrustStore {
  get(key: string): Promise<string | undefined> | string | undefined
  /** Commits puts and deletes atomically, synced to the device. */
  write(puts: readonly Entry[], deletes?: readonly string[]): Promise<void> | void
  /** Returns all entries, in key order. */
  entries(): Promise<Entry[]> | Entry[]
  /** Makes a backup in a folder, which is absent, while others write. */
  backup?(target: string): Promise<void>
  /** Number of the newest commit, for a restore to it. */
  seq?(): number
  close(): Promise<void> | void
}

/** A store that is put to the trials. */
export interface TrustSubject {
  readonly id: string
  readonly title: string
  /** The peer's package; `undefined` for LDB. */
  readonly packageName?: string
  /** True when it can encrypt its files. */
  readonly encrypts: boolean
  open(options: TrustOptions): Promise<TrustStore>
  /** Makes a folder that `open` accepts from a backup. */
  restore?(backup: string, target: string, key?: Uint8Array): Promise<void>
  /** Makes a folder that `open` accepts, with the state at a commit, from a backup and the archive. */
  restoreUntil?(backup: string, archive: string, target: string, seq: number): Promise<void>
  /** Repairs a closed store, in place or to `target`. Returns the folder to open. */
  repair?(dir: string, target: string): Promise<string>
}
