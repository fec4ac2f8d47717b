import type { EngineName } from '../catalog/catalog.js'

/** One change of a commit. @category Changes */
export type Change<K = unknown, V = unknown> =
  | { readonly kind: 'put'; readonly keyspace: string; readonly key: K; readonly value: V }
  | { readonly kind: 'delete'; readonly keyspace: string; readonly key: K }
  /** The removal of an expired entry, which has been absent from every read since its expiry. */
  | { readonly kind: 'expire'; readonly keyspace: string; readonly key: K }
  /**
   * A range of keys, with encodings at or above `lower` and below `upper`: all of them were removed (`'deleteRange'`), or some of them were
   * written by a bulk load (`'load'`), whose entries are not in the log: read them from the keyspace. After a crash during a load, the
   * change may be reported although nothing was written.
   */
  | {
      readonly kind: 'deleteRange' | 'load'
      readonly keyspace: string
      /** The key whose encoding is `lower`; `undefined` when no key has it, as after a prefix. */
      readonly gte: K | undefined
      /** The key whose encoding is `upper`; `undefined` when no key has it. */
      readonly lt: K | undefined
      /** Inclusive lower bound of the encoded keys; `undefined` without one. */
      readonly lower: Uint8Array | undefined
      /** Exclusive upper bound of the encoded keys; `undefined` without one. */
      readonly upper: Uint8Array | undefined
    }
  | ChangedKeyspace<'createKeyspace'>
  | ChangedKeyspace<'dropKeyspace'>

/** A keyspace was created, or dropped with all of its entries. It is the only change of its commit. @category Changes */
export interface ChangedKeyspace<Kind extends 'createKeyspace' | 'dropKeyspace'> {
  readonly kind: Kind
  readonly keyspace: string
  readonly engine: EngineName
  /** Name of the encoding of its keys. */
  readonly keys: string
  /** Name of the encoding of its values. */
  readonly values: string
}

/** The changes of one commit. @category Changes */
export interface CommittedChanges<K = unknown, V = unknown> {
  /** Number of the commit. Pass it as `since` to resume after it. */
  readonly seq: number
  /** Changes in the order of the operations, keyspace by keyspace, within the requested keyspace and prefix. */
  readonly changes: readonly Change<K, V>[]
}
