import type { CompressionNumber, EngineNumber } from '../format.js'

/** Names of the engines of this build. @category Keyspaces */
export type EngineName = keyof typeof EngineNumber
/** Names of the compressions of this build. @category Keyspaces */
export type CompressionName = keyof typeof CompressionNumber
/** A compression as the catalog stores it: its name, or the id of a codec of the application. @category Keyspaces */
export type StoredCompression = CompressionName | number

/** The catalog entry of a keyspace. @category Keyspaces */
export interface KeyspaceDescriptor {
  /** Number of the keyspace. It is never reused. */
  readonly id: number
  readonly name: string
  readonly engine: EngineName
  /** Compression of its blocks or large values: a name, or the id of a codec of the application. */
  readonly compression: StoredCompression
  /** Name of the encoding of its keys. */
  readonly keys: string
  /** Name of the encoding of its values. */
  readonly values: string
  /** Number of the commit that created it; 0 for `default`. */
  readonly createdSeq: number
  /** Present, and true, when some entries may expire. */
  readonly expires?: true | undefined
  /** Present, and true, when some values may be in blob files. */
  readonly blobs?: true | undefined
  /** Present, and true, when values in pages of its B+tree are encoded with dictionaries. */
  readonly dictionary?: true | undefined
  /** Default time to live in milliseconds; absent for no expiry. */
  readonly ttlMs?: number | undefined
}

/** A keyspace as the catalog records it. */
export interface KeyspaceRecord {
  readonly descriptor: KeyspaceDescriptor
  /** Bytes that the engine needs to find and identify its files; interpreted by the engine alone. */
  readonly section: Uint8Array
}

/** The creation or the removal of a keyspace: a commit of its own. */
export interface KeyspaceChange {
  readonly kind: 'createKeyspace' | 'dropKeyspace'
  readonly id: number
  readonly name: string
  readonly engine: EngineName
  /** Name of the encoding of its keys. */
  readonly keys: string
  /** Name of the encoding of its values. */
  readonly values: string
}

/** The root of a database: its keyspaces, and the numbers that were assigned. */
export interface Catalog {
  /** 16 random bytes, created with the database. */
  readonly databaseId: Uint8Array
  /** 16 bytes: chosen at random by each restore, zeros before the first one. */
  readonly branchId: Uint8Array
  /** Page size in bytes, of the page cache and of each B+tree. */
  readonly pageBytes: number
  /** 1 at creation, one more with each replacement. */
  readonly generation: number
  /** Number of the commit that last created or dropped a keyspace; 0 before it. */
  readonly seq: number
  /** Every smaller number was assigned to a keyspace once. */
  readonly nextKeyspaceId: number
  /** Id of the newest log segment when it was written; with the generation, it identifies the catalog. Zeros without a log. */
  readonly logSegmentId: Uint8Array
  /** End of the log when it was written: all records before it were synced. */
  readonly logLsn: number
  /** By ascending number. */
  readonly keyspaces: readonly KeyspaceRecord[]
  /** What this catalog has created or dropped, in commit `seq`; `undefined` when it was written for another reason. */
  readonly change: KeyspaceChange | undefined
}

/** Identifies one catalog among those of all copies of a database. */
export interface CatalogVersion {
  readonly generation: number
  readonly logSegmentId: Uint8Array
}

/** The three names of a keyspace in UTF-8. */
export interface EncodedNames {
  readonly name: Uint8Array
  readonly keys: Uint8Array
  readonly values: Uint8Array
}
