import { BatchReader, OperationKind } from '@ldb/base'
import type { KeyspaceSection, LdbError, SalvageSink } from '@ldb/base'
import { CodecTable } from '@ldb/integrity'
import type { DataKeys, VerifyReport } from '@ldb/integrity'
import type { SalvagedRecord } from '@ldb/wal'
import { keyspacePath } from '../catalog/directory-layout.js'
import { salvageFiles } from '../engine/salvage.js'
import type { SalvagedStore } from '../engine/salvage.js'
import { LogRecordType, PAGE_BYTES_DEFAULT } from '../format.js'
import { findCatalog, findKeyspaces } from './found-catalog.js'
import type { FoundCatalog, FoundKeyspace } from './found-catalog.js'
import { DamagedValues } from './large-values.js'
import { DamagedLog } from './log-survey.js'
import type { LogSurvey } from './log-survey.js'
import type { ResolvedRepairOptions } from './options.js'
import { RepairFindings } from './report.js'
import type { RepairReport } from './report.js'
import type { RepairSource } from './source.js'
import { RepairTarget } from './target.js'

/** What was read of the store of a keyspace. */
interface RepairedStore extends SalvagedStore {
  /** Every commit up to this one is in the store, as far as it was read. */
  readonly floor: number
}

/** One repair: reads the damaged database, and writes the new one. */
export class Repair {
  readonly #source: RepairSource
  readonly #options: ResolvedRepairOptions
  readonly #findings = new RepairFindings()
  readonly #values: DamagedValues
  readonly #found: FoundCatalog
  readonly #keys: DataKeys | undefined
  readonly #log: DamagedLog
  readonly #survey: LogSurvey
  readonly #keyspaces: ReadonlyMap<number, FoundKeyspace>
  readonly #stores = new Map<number, RepairedStore>()
  readonly #codecs = new CodecTable()
  #replayedCount = 0
  /** The commit before which the log ends, because a value that it names is missing or damaged. */
  #endSeq: number | undefined = undefined

  constructor(source: RepairSource, options: ResolvedRepairOptions) {
    const { vfs, directory, access } = source
    this.#source = source
    this.#options = options
    for (const codec of options.codecs) this.#codecs.add(codec)
    options.progress.begin('log')
    this.#found = findCatalog(vfs, directory, access, this.#findings)
    this.#keys = access.keys?.data
    this.#log = new DamagedLog(vfs, directory, this.#found.catalog?.databaseId, this.#keys)
    this.#survey = this.#log.survey(this.#findings)
    const keyspaces = findKeyspaces(vfs, directory, this.#found, this.#survey)
    this.#keyspaces = new Map(keyspaces.map((keyspace) => [keyspace.descriptor.id, keyspace]))
    this.#values = new DamagedValues(vfs, directory, this.#codecs, this.#keys)
  }

  /**
   * Writes the new database.
   *
   * @param verify - verifies the database in a directory.
   */
  run(directory: string, verify: (directory: string) => VerifyReport): Omit<RepairReport, 'durationMs'> {
    const { vfs, progress } = this.#options
    const descriptors = [...this.#keyspaces.values()].map(({ descriptor }) => ({
      ...descriptor,
      createdSeq: 0,
    }))
    const pageBytes = this.#found.catalog?.pageBytes ?? PAGE_BYTES_DEFAULT
    const target = RepairTarget.create(vfs, directory, descriptors, pageBytes, this.#options, () => {
      progress.report()
    })
    try {
      for (const keyspace of this.#keyspaces.values()) this.#repairStore(keyspace, target)
      this.#replay(target)
      progress.begin('verify')
      const counts = target.countEntries()
      target.complete(verify)
      return this.#report(directory, counts)
    } catch (error) {
      target.discard()
      throw error
    } finally {
      this.#values.close()
    }
  }

  /** Copies what can be read of the files of a keyspace. */
  #repairStore({ descriptor, section }: FoundKeyspace, target: RepairTarget): void {
    const { id, name, engine } = descriptor
    const { vfs, directory } = this.#source
    const { progress } = this.#options
    progress.begin(`keyspace:${name}`)
    let lostValues = 0
    const sink: SalvageSink = {
      entry: (key, stored) => {
        progress.count(key.length + stored.length)
        const whole = this.#values.resolve(stored)
        if ('value' in whole) {
          target.put(id, key, whole.value)
          return
        }
        lostValues++
        this.#loseValue(name, key, whole.fault)
      },
      loss: (loss) => {
        this.#findings.lose(name, loss)
      },
      doubt: (doubt) => {
        this.#findings.suspect(name, doubt)
      },
    }
    const path = keyspacePath(directory, id)
    const recorded = this.#survey.checkpoint?.stores.get(id)?.durableSeq ?? 0
    const store = salvageFiles(vfs, path, engine, section, this.#codecs, this.#keys, sink)
    if (store === undefined && recorded > 0) {
      sink.loss({
        file: path,
        offset: 0,
        message: 'the files are missing',
        lower: undefined,
        upper: undefined,
      })
    }
    target.commit()
    const isMissing = store === undefined
    const lostCount = isMissing ? (recorded > 0 ? undefined : 0) : store.lostCount
    this.#stores.set(id, {
      durableSeq: isMissing ? 0 : (store.durableSeq ?? recorded),
      lostCount: lostCount === undefined ? undefined : lostCount + lostValues,
      floor: this.#floorOf(isMissing ? 0 : (store.durableSeq ?? recorded), recorded),
    })
  }

  /** A checkpoint record covers the commits that did not change a keyspace, too, if the store is as new as it says. */
  #floorOf(durableSeq: number, recorded: number): number {
    const covered = this.#survey.checkpoint?.seq ?? 0
    return durableSeq >= recorded ? Math.max(durableSeq, covered) : durableSeq
  }

  #loseValue(keyspace: string, key: Uint8Array, { message, details }: LdbError): void {
    this.#findings.lose(keyspace, {
      file: details.file ?? '',
      offset: details.offset ?? 0,
      message,
      lower: key,
      upper: Uint8Array.of(...key, 0),
    })
  }

  /** Applies the commits of the log that are newer than the stores. */
  #replay(target: RepairTarget): void {
    this.#options.progress.begin('log')
    // Without a checkpoint record, the newest store says how far the log was not needed any more.
    if (this.#survey.checkpoint === undefined) this.#raiseFloors()
    const reader = new BatchReader()
    this.#log.forEachCommit((record, sections) => {
      if (this.#endsBefore(record, sections, reader)) {
        this.#endSeq = record.seq
        return false
      }
      let isReplayed = false
      for (const section of sections) {
        const store = this.#stores.get(section.keyspaceId)
        if (store === undefined || record.seq <= (store.durableSeq ?? 0)) continue
        this.#applySection(section, reader, target)
        isReplayed = true
      }
      if (isReplayed) this.#replayedCount++
      return true
    })
    target.commit()
    for (const [id, { floor }] of this.#stores) this.#suspectAbove(id, floor)
  }

  #raiseFloors(): void {
    const newest = Math.max(...[...this.#stores.values()].map(({ durableSeq }) => durableSeq ?? 0))
    const isCut = this.#survey.missingAbove(0) > this.#survey.missingAbove(newest)
    if (!isCut) return
    for (const [id, store] of this.#stores) this.#stores.set(id, { ...store, floor: newest })
  }

  /** Reports whether the log ends before a record: a value that it names was lost with the end of the log. */
  #endsBefore(
    { type, isSynced }: SalvagedRecord,
    sections: readonly KeyspaceSection[],
    reader: BatchReader,
  ): boolean {
    if (isSynced || type !== LogRecordType.BlobCommit) return false
    for (const section of sections) {
      reader.reset(section)
      while (reader.next()) {
        if (reader.kind === OperationKind.Put && 'fault' in this.#values.resolve(reader.value())) return true
      }
    }
    return false
  }

  #applySection(section: KeyspaceSection, reader: BatchReader, target: RepairTarget): void {
    const { keyspaceId: id } = section
    const { progress } = this.#options
    reader.reset(section)
    while (reader.next()) {
      const key = reader.key()
      if (reader.kind === OperationKind.Put) {
        progress.count(reader.valueEnd - reader.keyStart)
        this.#applyPut(id, key, reader.value(), target)
      } else if (reader.kind === OperationKind.DeleteRange) target.deleteRange(id, key, reader.value())
      else if (reader.kind === OperationKind.DeleteFrom) target.deleteRange(id, key, undefined)
      else target.delete(id, key)
    }
  }

  #applyPut(id: number, key: Uint8Array, stored: Uint8Array, target: RepairTarget): void {
    const whole = this.#values.resolve(stored)
    if ('value' in whole) {
      target.put(id, key, whole.value)
      return
    }
    // The value that it replaced is not the present one.
    target.delete(id, key)
    const store = this.#stores.get(id) as RepairedStore
    const lostCount = store.lostCount === undefined ? undefined : store.lostCount + 1
    this.#stores.set(id, { ...store, lostCount })
    this.#loseValue(this.#keyspaces.get(id)?.descriptor.name ?? '', key, whole.fault)
  }

  /** Reports that entries of a keyspace may be older than a lost commit. */
  #suspectAbove(id: number, floor: number): void {
    const count = this.#survey.missingAbove(floor)
    const { mayLackEnd } = this.#survey
    const lost = count === 0 ? 'commits' : `${count} commits`
    const certainty = mayLackEnd ? 'may be' : 'are'
    const message = `${lost} above commit ${floor} ${certainty} lost with a part of the log`
    if (count > 0 || mayLackEnd) this.#suspectAll(id, message)
    if (this.#endSeq === undefined) return
    this.#suspectAll(id, `the log ends before commit ${this.#endSeq}, of which a value is missing or damaged`)
  }

  #suspectAll(id: number, message: string): void {
    const name = this.#keyspaces.get(id)?.descriptor.name ?? ''
    const file = this.#source.directory
    this.#findings.suspect(name, { file, message, lower: undefined, upper: undefined })
  }

  #report(target: string, counts: ReadonlyMap<number, number>): Omit<RepairReport, 'durationMs'> {
    const { losses, lossCount, suspects, suspectCount } = this.#findings
    const keyspaces = [...this.#keyspaces.values()].map(
      ({ descriptor: { id, name, engine }, isNameLost }) => ({
        id,
        name,
        isNameLost,
        engine,
        entryCount: counts.get(id) ?? 0,
        lostCount: this.#stores.get(id)?.lostCount,
      }),
    )
    const missing = [...this.#stores.values()].map(({ floor }) => this.#survey.missingAbove(floor))
    return {
      isComplete:
        suspectCount === 0 &&
        keyspaces.every(({ lostCount, isNameLost }) => lostCount === 0 && !isNameLost) &&
        this.#found.origin !== 'files',
      target,
      catalog: this.#found.origin,
      keyspaces,
      entryCount: keyspaces.reduce((total, { entryCount }) => total + entryCount, 0),
      replayedCount: this.#replayedCount,
      lostCommitCount:
        this.#survey.mayLackEnd || this.#endSeq !== undefined ? undefined : Math.max(0, ...missing),
      losses,
      lossCount,
      suspects,
      suspectCount,
    }
  }
}
