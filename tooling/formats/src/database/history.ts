// Whether files are of one history: FORMAT.md of packages/core, "Histories".
import { requireSound } from '../bytes/format-error.js'
import type { Log } from '../log/log.js'
import type { LogRecord } from '../log/record.js'
import type { Catalog } from './catalog.js'
import { readCatalogRecord, readCheckpointRecord } from './log-payloads.js'
import type { CatalogVersion, CheckpointRecord, StoreCheckpoint } from './log-payloads.js'

const NO_ID = '0'.repeat(32)

/** The segments of a log as identity of its history. */
export class History {
  readonly #log: Log
  #checkpoint: CheckpointRecord | undefined
  #newestCatalog: CatalogVersion | undefined

  constructor(log: Log) {
    this.#log = log
    for (const { type, payload } of log.records) {
      if (type === 2) this.#checkpoint = readCheckpointRecord(payload)
      if (type === 2) this.#newestCatalog = readCheckpointRecord(payload).catalog
      if (type === 3) this.#newestCatalog = readCatalogRecord(payload)
    }
  }

  /** Requires that a catalog is of this history. */
  checkCatalog({ generation, logSegmentId, logLsn }: Catalog): void {
    const newest = this.#newestCatalog
    if (newest?.generation === generation) {
      requireSound(newest.segmentId === logSegmentId, 'the catalog is of another history')
      return
    }
    const position = this.#positionOf(logSegmentId)
    const last = this.#log.records.at(-1)
    const isNewest = position !== undefined && logLsn === this.#log.endLsn
    requireSound(isNewest, 'the log does not end with the segment of its catalog')
    requireSound(
      last === undefined || this.#origin(last) <= position,
      'the log continues without its catalog',
    )
  }

  /** Reports whether the log contains every commit of a keyspace: the newest checkpoint record has none of them. */
  containsAllOf(keyspaceId: number): boolean {
    return (this.#checkpoint?.stores.get(keyspaceId)?.durableSeq ?? 0) === 0
  }

  /** Requires that the store of a keyspace is of this history. */
  checkStore(keyspaceId: number, { durableSeq, segmentId }: StoreCheckpoint): void {
    const recorded = this.#checkpoint?.stores.get(keyspaceId) ?? { durableSeq: 0, segmentId: NO_ID }
    if (recorded.durableSeq === durableSeq && (durableSeq === 0 || recorded.segmentId === segmentId)) return
    const position = this.#positionOf(segmentId)
    requireSound(position !== undefined, `the store of keyspace ${keyspaceId} is of another history`)
    const commit = this.#log.records.find(({ type, seq }) => [0, 1, 6].includes(type) && seq === durableSeq)
    const isBefore = commit === undefined || this.#origin(commit) <= position
    requireSound(isBefore, `the store of keyspace ${keyspaceId} contains another commit ${durableSeq}`)
  }

  #positionOf(segmentId: string): number | undefined {
    const position = this.#log.segments.findIndex((segment) => segment.segmentId === segmentId)
    return position < 0 ? undefined : position
  }

  /** Returns the position of the segment that a record was appended to. */
  #origin({ lsn }: LogRecord): number {
    const { segments } = this.#log
    const holder = segments.filter(({ baseLsn }) => baseLsn <= lsn).length - 1
    return lsn < (segments[holder]?.durableEndLsn ?? 0) ? holder - 1 : holder
  }
}
