import { corruption } from '@ldb/base'
import type { DataKeys } from '@ldb/integrity'
import type { Vfs } from '@ldb/vfs'
import { Wal } from '@ldb/wal'
import type { ExternalValues } from '@ldb/wal'
import type { CatalogVersion } from '../catalog/catalog.js'
import { logPath } from '../catalog/directory-layout.js'
import { cipherOption } from '../encryption/ciphers.js'
import { LogRecordType } from '../format.js'
import { encodeCheckpointRecord } from '../log/checkpoint-record.js'
import type { StoreCheckpoint } from '../log/checkpoint-record.js'
import type { LogEnd } from '../log/commit-log.js'
import type { RestoredCommit } from './commit-parser.js'

/** The values that the commits name are restored, and synced, before the log is read. */
const RESTORED_VALUES: ExternalValues = {
  isSynced: true,
  sync: () => undefined,
  syncAsync: () => Promise.resolve(),
  isComplete: () => true,
  persist: () => undefined,
}

/**
 * The log of a restored database. It begins with a checkpoint record, which names the restored checkpoint of each store and the catalog,
 * and contains the commits that the checkpoints lack. Its segments have new ids: the restored database has a history of its own (R9).
 */
export class RestoredLog {
  readonly #wal: Wal
  readonly #firstSegmentId: Uint8Array
  readonly #path: string
  #seq: number

  /**
   * @param logSeq - the first commit is the next one.
   * @param keys - of an encrypted database.
   */
  constructor(vfs: Vfs, directory: string, ownerId: Uint8Array, logSeq: number, keys: DataKeys | undefined) {
    this.#path = logPath(directory)
    this.#wal = Wal.open(vfs, this.#path, {
      create: true,
      preallocateBytes: 0,
      ownerId,
      isUnpublished: true,
      values: RESTORED_VALUES,
      ...cipherOption(keys, 'log'),
    })
    this.#firstSegmentId = this.#wal.history.segmentId.slice()
    this.#seq = logSeq
  }

  /** Number of the newest commit. */
  get seq(): number {
    return this.#seq
  }

  /**
   * Writes the checkpoint record, before any commit.
   *
   * @returns the version of the catalog that it names.
   */
  begin(generation: number, seq: number, stores: ReadonlyMap<number, StoreCheckpoint>): CatalogVersion {
    const catalog = { generation, logSegmentId: this.#firstSegmentId }
    const payload = encodeCheckpointRecord({ seq, catalog, stores })
    // Later commits have smaller numbers when a store has made a checkpoint by itself.
    this.#wal.append(payload, { type: LogRecordType.Checkpoint, seq: this.#seq })
    return catalog
  }

  /** Appends the next commit. @throws {@link LdbError} LDB_CORRUPTION when one is missing before it. */
  append({ type, seq, payload }: RestoredCommit): void {
    if (seq !== this.#seq + 1) {
      throw corruption(this.#path, 0, 'a commit is missing', { actual: seq, expected: this.#seq + 1 })
    }
    this.#wal.append(payload, { type, seq })
    this.#seq = seq
  }

  /** Makes the log durable, and closes it cleanly. Returns its end. */
  end(): LogEnd {
    const logLsn = this.#wal.endLsn
    this.#wal.close()
    return { logSegmentId: this.#firstSegmentId, logLsn }
  }

  /** Closes the files after a failure. */
  abandon(): void {
    this.#wal.close({ clean: false })
  }
}
