import { decodeBatch } from '@ldb/base'
import type { KeyspaceSection } from '@ldb/base'
import type { DataKeys } from '@ldb/integrity'
import type { Vfs } from '@ldb/vfs'
import { salvageLog } from '@ldb/wal'
import type { LogSalvageReport, SalvagedRecord } from '@ldb/wal'
import type { CatalogVersion, KeyspaceChange } from '../catalog/catalog.js'
import { logPath } from '../catalog/directory-layout.js'
import { decodeKeyspaceChange } from '../catalog/keyspace-change.js'
import { cipherMaker } from '../encryption/ciphers.js'
import { isBatchType, isCommitType, LogRecordType } from '../format.js'
import { decodeCatalogRecord } from '../log/catalog-record.js'
import { decodeCheckpointRecord } from '../log/checkpoint-record.js'
import type { CheckpointRecord } from '../log/checkpoint-record.js'
import type { RepairFindings } from './report.js'

/** Numbers of commits that follow each other, both ends included. */
interface SeqRange {
  readonly first: number
  readonly last: number
}

/** What a first pass over a damaged log finds. */
export class LogSurvey {
  /** The newest checkpoint record. */
  checkpoint: CheckpointRecord | undefined = undefined
  /** Greatest generation of a catalog that the log names. */
  catalogGeneration = 0
  /** Keyspaces that commits write to. */
  readonly keyspaceIds: Set<number> = new Set()
  /** Keyspaces that the log creates, by their numbers. */
  readonly created: Map<number, KeyspaceChange> = new Map()
  /** Numbers of the keyspaces that the log drops. */
  readonly dropped: Set<number> = new Set()
  /** Commits that are not in the log, although newer ones are known. */
  readonly missing: SeqRange[] = []
  /** Commits behind the last one that was read may be missing. */
  mayLackEnd = false
  #last = 0

  add(record: SalvagedRecord, sections: readonly KeyspaceSection[], directory: string): void {
    const { seq, type, payload } = record
    if (type === LogRecordType.Keyspace)
      this.#noteKeyspace(decodeKeyspaceChange(payload, directory, record.lsn))
    if (isCommitType(type)) {
      for (const { keyspaceId } of sections) this.keyspaceIds.add(keyspaceId)
      this.#note(seq - 1)
      this.#last = Math.max(this.#last, seq)
      return
    }
    this.#note(seq)
    if (type === LogRecordType.Catalog) this.#noteCatalog(decodeCatalogRecord(payload, directory))
    if (type !== LogRecordType.Checkpoint) return
    this.checkpoint = decodeCheckpointRecord(payload, directory)
    this.#noteCatalog(this.checkpoint.catalog)
  }

  end({ lastSeq, mayLackEnd }: LogSalvageReport): void {
    this.#note(lastSeq)
    this.mayLackEnd = mayLackEnd
  }

  /** Returns the number of commits above `seq` that the log should contain, and does not. */
  missingAbove(seq: number): number {
    let count = 0
    for (const { first, last } of this.missing) count += Math.max(0, last - Math.max(first - 1, seq))
    return count
  }

  /** Notes that every commit up to `seq` is in the log, was in it, or is missing. */
  #note(seq: number): void {
    if (seq <= this.#last) return
    this.missing.push({ first: this.#last + 1, last: seq })
    this.#last = seq
  }

  #noteKeyspace(change: KeyspaceChange): void {
    if (change.kind === 'createKeyspace') this.created.set(change.id, change)
    else this.dropped.add(change.id)
  }

  #noteCatalog({ generation }: CatalogVersion): void {
    this.catalogGeneration = Math.max(this.catalogGeneration, generation)
  }
}

/** Receives a commit of a damaged log. Returns false when the log ends before it. */
type CommitVisitor = (record: SalvagedRecord, sections: readonly KeyspaceSection[]) => boolean

/** Reads a damaged log, record by record, in the order of the commits. */
export class DamagedLog {
  readonly #vfs: Vfs
  readonly #directory: string
  readonly #databaseId: Uint8Array | undefined
  readonly #keys: DataKeys | undefined

  /**
   * @param databaseId - owner of the log, if it is known.
   * @param keys - of an encrypted database.
   */
  constructor(vfs: Vfs, directory: string, databaseId: Uint8Array | undefined, keys: DataKeys | undefined) {
    this.#vfs = vfs
    this.#directory = logPath(directory)
    this.#databaseId = databaseId
    this.#keys = keys
  }

  /** Surveys the log, and reports what cannot be read. */
  survey(findings: RepairFindings): LogSurvey {
    const survey = new LogSurvey()
    const report = this.#read(
      (record, sections) => {
        survey.add(record, sections, this.#directory)
        return true
      },
      (loss) => {
        findings.lose(undefined, { ...loss, lower: undefined, upper: undefined })
      },
    )
    survey.end(report)
    return survey
  }

  /** Visits the commits, each once. */
  forEachCommit(visit: CommitVisitor): void {
    let last = 0
    this.#read(
      (record, sections) => {
        if (!isBatchType(record.type) || record.seq <= last) return true
        last = record.seq
        return visit(record, sections)
      },
      () => undefined,
    )
  }

  #read(
    visit: CommitVisitor,
    lose: (loss: { file: string; offset: number; message: string }) => void,
  ): LogSalvageReport {
    const file = this.#directory
    const sink = {
      record: (record: SalvagedRecord): boolean => {
        const { type, payload, lsn } = record
        const hasBatch = isBatchType(type) || type === LogRecordType.Load
        return visit(record, hasBatch ? decodeBatch(payload, file, lsn) : [])
      },
      loss: lose,
    }
    const createCipher = cipherMaker(this.#keys, 'log')
    return salvageLog(this.#vfs, file, sink, this.#databaseId, createCipher)
  }
}
