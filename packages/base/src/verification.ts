/** Receives the findings, the counts and the shape that a verification finds. @category Contracts */
export interface VerifySink {
  /** Called for each fault. */
  finding(finding: VerifyFinding): void
  /** Called as the walk proceeds; counts are those since the last call. Throwing here ends the walk. */
  progress(progress: VerifyProgress): void
  /** Called at most once by each store, behind its last `progress`. */
  shape?(shape: VerifyShape): void
  /** Called for each unit, or for adjacent units of a kind, in the order of the walk. */
  readonly location?: ((location: VerifyLocation) => void) | undefined
}

/** The steps of a verification. Each one takes about a millisecond or less; `return` ends them early. @category Contracts */
export type VerifySteps = Generator<void, void, void>

/**
 * Runs all steps of a verification.
 *
 * @returns what they return.
 * @category Contracts
 */
export function runVerifySteps<T>(steps: Generator<unknown, T>): T {
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}

/** Options of the verification of a store. @category Contracts */
export interface StoreVerifyOptions {
  /**
   * Rebuild what can be rebuilt from the rest of the store: the next checkpoint writes it anew.
   * @defaultValue false
   */
  readonly rebuild?: boolean
  /**
   * Milliseconds for which a state stays pinned. After that, the walk goes on in the present state of the store, behind what it has visited.
   * It then compares no totals, but retains little space for a long walk beside writers.
   * @defaultValue Infinity
   */
  readonly pinMs?: number
  /** Returns the time by which `pinMs` is measured, in milliseconds. */
  readonly now?: () => number
}

/**
 * How bad a finding is.
 *
 * - `'error'`: entries or commits are lost, or reads of them fail or may be wrong.
 * - `'warning'`: every entry can be read. The fault costs space or redundancy, and can be rebuilt from the rest.
 *
 * @category Contracts
 */
export type VerifySeverity = 'error' | 'warning'

/** One fault that a verification has found. @category Contracts */
export interface VerifyFinding {
  /** Kind of fault, stable: `'checksum'`, `'structure'`, `'order'`, `'leak'`, `'count'`, `'missing'`, `'io'`. */
  readonly kind: 'checksum' | 'structure' | 'order' | 'leak' | 'count' | 'missing' | 'io'
  /** Path of the file. */
  readonly file: string
  /** Byte offset in the file. */
  readonly offset: number
  /** Description of the fault, for people. */
  readonly message: string
  /** @defaultValue 'error' */
  readonly severity?: VerifySeverity
  /** Encoded keys that cannot be read because of the fault, where that is known: from `lower` on, and below `upper`. */
  readonly keys?: { readonly lower?: Uint8Array | undefined; readonly upper?: Uint8Array | undefined }
}

/** Amounts that a verification has checked since its last report. @category Contracts */
export interface VerifyProgress {
  /** Files of which checking has begun. @defaultValue 0 */
  readonly files?: number
  /** Pages, blocks or records checked. */
  readonly units: number
  /** Entries checked. */
  readonly entries: number
  /** Bytes read and checked. */
  readonly bytes: number
  /** The same, and what needs no check, by kind. @defaultValue none */
  readonly amounts?: readonly VerifyAmount[]
}

/**
 * Kind of a unit. Every byte of a file that a verification has walked is in one of them.
 *
 * - The catalog: `catalog`. The key file of an encrypted database: `key-slot`.
 * - A log: `segment-header`, the header and the seal of a segment; `record-` and the type of a record; `unused`, what is behind the last record. In
 *   the log of a database: `commit-record`, `blob-commit-record`, `load-record`, `checkpoint-record`, `catalog-record`.
 * - A B+tree: `meta`, `meta-copy`, `branch`, `leaf`, `extent`, `free-space`, `free-space-mirror`; `free`; `pending`, replaced pages that a checkpoint or a snapshot still reaches;
 *   `unreached`, pages that are none of these.
 * - An LSM tree: `table-header`, `data`, `index`, `filter`, `tombstones`, `properties`, `footer`; `manifest-header`, `manifest-state`,
 *   `manifest-edit`; `unused`, bytes of no intact unit.
 * - Blob files: `blob-header`, `blob-index`; `blob-live`, records that a present entry names; `blob-dead`, other records; `unused`, what is
 *   behind the last record.
 *
 * @category Contracts
 */
export type VerifyUnitKind =
  | 'catalog'
  | 'key-slot'
  | 'segment-header'
  | `record-${number}`
  | 'commit-record'
  | 'blob-commit-record'
  | 'load-record'
  | 'checkpoint-record'
  | 'catalog-record'
  | 'keyspace-record'
  | 'meta'
  | 'meta-copy'
  | 'branch'
  | 'leaf'
  | 'extent'
  | 'free-space'
  | 'free-space-mirror'
  | 'free'
  | 'pending'
  | 'unreached'
  | 'table-header'
  | 'data'
  | 'index'
  | 'filter'
  | 'tombstones'
  | 'properties'
  | 'footer'
  | 'manifest-header'
  | 'manifest-state'
  | 'manifest-edit'
  | 'blob-header'
  | 'blob-index'
  | 'blob-live'
  | 'blob-dead'
  | 'unused'

/** An amount of units of one kind. @category Contracts */
export interface VerifyAmount {
  readonly kind: VerifyUnitKind
  readonly count: number
  /** Bytes in the file. */
  readonly bytes: number
  /** Bytes of the same units if nothing in them were compressed. @defaultValue `bytes` */
  readonly rawBytes?: number
}

/**
 * Location of a unit that a verification has walked, or of adjacent units of one kind: free pages, the records of a log, a manifest as a
 * whole. Damage is located by the findings: what cannot be read is `unreached` or `unused` here, or has no location. A record of a blob file is located as
 * `blob-dead`, and again as `blob-live` when an entry is found that names it. The catalog and the key file have no location.
 *
 * @category Contracts
 */
export interface VerifyLocation {
  readonly kind: VerifyUnitKind
  /** Path of the file. */
  readonly file: string
  /** Byte offset in the file. A page that was not written yet may lie behind its end. */
  readonly offset: number
  /** Bytes in the file. */
  readonly bytes: number
  /** The unit was changed in memory, and is not written yet. @defaultValue false */
  readonly isDirty?: boolean
  /** Of a page: its level, 0 for a leaf. Of a unit of a table: the level of the table, 0 for the newest. */
  readonly level?: number | undefined
  /** Encoded keys of a page or a block, and of what is below it: from `lower` on, and below `upper`; not to be changed. */
  readonly keys?: { readonly lower?: Uint8Array | undefined; readonly upper?: Uint8Array | undefined }
}

/** The shape of a store, counted from its bytes. @category Contracts */
export type VerifyShape = VerifyTreeShape | VerifyLevelsShape

/** The shape of a B+tree: its present state, pages that are changed in memory included. @category Contracts */
export interface VerifyTreeShape {
  readonly kind: 'tree'
  readonly pageBytes: number
  /** Levels of pages; 1 for a tree of one leaf. */
  readonly depth: number
  /** Bytes of the keys of all entries, and of their values. */
  readonly keyBytes: number
  readonly valueBytes: number
  /** Bytes of the slots and the records of the leaves. */
  readonly leafLiveBytes: number
  /** Bytes in the leaves that were records once. */
  readonly leafDeadBytes: number
  /** The same of the branches. */
  readonly branchLiveBytes: number
  readonly branchDeadBytes: number
  /** `leafLiveBytes` ÷ bytes of the leaves without their headers, from 0 to 1. */
  readonly leafFill: number
  /** Free, pending and unreached pages ÷ pages of the file, from 0 to 1. */
  readonly freeShare: number
}

/** The shape of an LSM tree: its tables. @category Contracts */
export interface VerifyLevelsShape {
  readonly kind: 'levels'
  /** From the newest data on, the empty ones included. */
  readonly levels: readonly VerifyLevel[]
}

/** A level of tables. @category Contracts */
export interface VerifyLevel {
  readonly tableCount: number
  /** Versions of keys, deletes included. */
  readonly entryCount: number
  readonly deleteCount: number
  /** Range tombstones. */
  readonly tombstoneCount: number
  readonly keyBytes: number
  readonly valueBytes: number
  readonly fileBytes: number
  /** Bytes of the data blocks if none were compressed, and as they are stored. */
  readonly rawBytes: number
  readonly storedBytes: number
}
