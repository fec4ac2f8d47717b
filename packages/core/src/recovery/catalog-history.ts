import { corruption, equalBytes, formatBytes, isLdbError } from '@ldb/base'
import type { LdbError } from '@ldb/base'
import { OverlayVfs } from '@ldb/vfs'
import type { Vfs } from '@ldb/vfs'
import { Wal } from '@ldb/wal'
import type { Catalog, CatalogVersion } from '../catalog/catalog.js'
import { catalogPath, logPath } from '../catalog/directory-layout.js'
import { CATALOG_OFFSET_GENERATION, CATALOG_OFFSET_LOG_SEGMENT_ID, LogRecordType } from '../format.js'
import { decodeCatalogRecord } from '../log/catalog-record.js'
import { decodeCheckpointRecord } from '../log/checkpoint-record.js'

/** Checks that a catalog is of the history of the log, and not older than the log says (R8, R9). */
export class CatalogHistory {
  readonly #catalog: Catalog
  readonly #file: string
  #recordedGeneration = 0

  /** @param file - path of the catalog, for errors. */
  constructor(catalog: Catalog, file: string) {
    this.#catalog = catalog
    this.#file = file
  }

  /** Greatest generation that the log records so far; 0 for none. */
  get recordedGeneration(): number {
    return this.#recordedGeneration
  }

  /**
   * Adds a version that the log records. (R8) A catalog older than the log may lack flags, such as expiry, that the commits of the log
   * depend on.
   */
  add(version: CatalogVersion): void {
    const { generation: actual, logSegmentId } = this.#catalog
    const { generation: expected } = version
    if (actual < expected) {
      const message = 'the catalog is older than the log'
      throw corruption(this.#file, CATALOG_OFFSET_GENERATION, message, { actual, expected })
    }
    if (actual === expected && !equalBytes(logSegmentId, version.logSegmentId)) {
      throw this.#foreign(version.logSegmentId)
    }
    this.#recordedGeneration = Math.max(this.#recordedGeneration, expected)
  }

  /**
   * Checks the catalog against the whole log.
   *
   * @remarks The log contains no record of a catalog if the process has died between the two. The catalog was written at the end of
   * the log then, and the log contains nothing later: the record of the catalog is the next record of every process (R9).
   */
  check(wal: Wal): void {
    const { generation, logSegmentId, logLsn } = this.#catalog
    if (generation === this.#recordedGeneration) return
    const appendEnd = wal.history.appendEndOf(logSegmentId)
    if (appendEnd === undefined || logLsn !== wal.endLsn || logLsn > appendEnd) throw this.#foreign()
  }

  #foreign(recorded?: Uint8Array): LdbError {
    const message = 'the catalog belongs to another history of the database than its log'
    return corruption(this.#file, CATALOG_OFFSET_LOG_SEGMENT_ID, message, {
      actual: formatBytes(this.#catalog.logSegmentId),
      ...(recorded === undefined ? {} : { expected: formatBytes(recorded) }),
    })
  }
}

/**
 * Returns the fault of a catalog whose stores cannot be opened: one of another history names files that the directory does not contain.
 * Changes nothing.
 *
 * @returns `undefined` when the catalog agrees with the log, or when the log itself cannot be read.
 */
export function catalogFault(vfs: Vfs, directory: string, catalog: Catalog): LdbError | undefined {
  const history = new CatalogHistory(catalog, catalogPath(directory))
  const log = logPath(directory)
  try {
    const wal = Wal.open(new OverlayVfs(vfs), log, { create: false, ownerId: catalog.databaseId })
    try {
      const reader = wal.read(wal.firstLsn)
      while (reader.next()) {
        if (reader.type === LogRecordType.Catalog) history.add(decodeCatalogRecord(reader.payload, log))
        if (reader.type === LogRecordType.Checkpoint) {
          history.add(decodeCheckpointRecord(reader.payload, log).catalog)
        }
      }
      history.check(wal)
    } finally {
      wal.close({ clean: false })
    }
  } catch (error) {
    if (!isLdbError(error)) throw error
    return error.details.file === catalogPath(directory) ? error : undefined
  }
  return undefined
}
