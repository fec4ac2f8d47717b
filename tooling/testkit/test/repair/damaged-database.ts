import { Database } from '@ldb/core'
import type { EngineName, RepairReport } from '@ldb/core'
import { MemoryVfs } from '@ldb/vfs'
import type { Vfs } from '@ldb/vfs'
import { captureImage } from '../../src/corruption/directory-image.js'
import type { DirectoryImage } from '../../src/corruption/directory-image.js'

const TUNING = Symbol.for('ldb.tuning')
/** Directory of the damaged database, and of its repair. */
export const SOURCE = 'source'
export const TARGET = 'target'

/** Entries of each keyspace. */
export type Content = ReadonlyMap<string, ReadonlyMap<string, string>>

/** A database to damage, and what it contains. */
export interface Sample {
  readonly image: DirectoryImage
  readonly content: Content
}

/** Makes a database with several checkpoints, large values, deleted and overwritten entries, and commits above the last checkpoint. */
export function makeSample(engine: EngineName, isClosed: boolean): Sample {
  const vfs = new MemoryVfs({ seed: 7 })
  const tuning = { pageBytes: 512, preallocateBytes: 0, blobFileBytes: 60_000 }
  const options = { vfs, engine, memtableBytes: 65_536, blobBytes: 4096, workers: 0 }
  const db = Database.open(SOURCE, { ...options, ...{ [TUNING]: tuning } })
  const other = db.keyspace('other')
  const keyOf = (index: number): string => `key ${String(index).padStart(3, '0')}`
  for (let index = 0; index < 160; index++) db.put(keyOf(index), `first ${'x'.repeat(20)}`)
  for (let index = 0; index < 40; index++) other.put(keyOf(index), `first ${index}`)
  db.put('large 0', 'L'.repeat(9000))
  db.checkpoint()
  for (let index = 0; index < 160; index += 2) db.put(keyOf(index), `second ${index}`)
  db.deleteRange({ gte: keyOf(20), lt: keyOf(50) })
  db.put('large 1', 'M'.repeat(9000))
  other.put(`long ${'k'.repeat(90)}`, 'v'.repeat(900))
  db.checkpoint()
  for (let index = 100; index < 120; index++) db.delete(keyOf(index))
  other.put(keyOf(5), 'second')
  db.put('large 0', 'N'.repeat(9500))
  db.checkpoint()
  db.put(keyOf(1), 'late')
  db.delete(keyOf(3))
  other.put('late', 'late')
  db.put('large 2', 'O'.repeat(9000))
  const content = contentOf(db)
  if (isClosed) db.close()
  else db.sync()
  const { directories, files } = captureImage(vfs, SOURCE)
  return {
    image: { directories, files: new Map([...files].filter(([path]) => !path.endsWith('/LOCK'))) },
    content,
  }
}

/** Returns the entries of all keyspaces. */
export function contentOf(db: Database): Content {
  return new Map(
    db
      .keyspaces()
      .map(({ name, values }) => [
        name,
        new Map(
          values === 'binary'
            ? [...db.keyspace(name, { keys: 'binary', values: 'binary' }).entries()].map(([key, value]) => [
                Buffer.from(key).toString('latin1'),
                Buffer.from(value).toString('latin1'),
              ])
            : [...db.keyspace(name).entries()],
        ),
      ]),
  )
}

/** Returns the entries of the repaired database. */
export function repairedContent(vfs: Vfs): Content {
  const db = Database.open(TARGET, { vfs, readOnly: true, createIfMissing: false })
  try {
    return contentOf(db)
  } finally {
    db.close()
  }
}

function isWithin(key: string, lower: Uint8Array | undefined, upper: Uint8Array | undefined): boolean {
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')
  return (lower === undefined || text(lower) <= key) && (upper === undefined || key < text(upper))
}

/**
 * Returns what a repair has done wrong: an entry that is not the present one and no suspect, or an entry that is missing and neither
 * within a loss nor a suspect.
 */
export function faultsOf(expected: Content, found: Content, report: RepairReport): string[] {
  const faults: string[] = []
  for (const [keyspace, entries] of expected) {
    const actual = found.get(keyspace) ?? new Map<string, string>()
    const isSuspect = (key: string): boolean =>
      report.suspects.some((each) => each.keyspace === keyspace && isWithin(key, each.lower, each.upper))
    const isLost = (key: string): boolean =>
      report.losses.some((each) => each.keyspace === keyspace && isWithin(key, each.lower, each.upper))
    for (const [key, value] of actual) {
      if (entries.get(key) !== value && !isSuspect(key)) faults.push(`${keyspace}: ${key} is old`)
    }
    for (const key of entries.keys()) {
      if (!actual.has(key) && !isLost(key) && !isSuspect(key)) faults.push(`${keyspace}: ${key} is lost`)
    }
  }
  if (report.isComplete && missingCount(expected, found) > 0)
    faults.push('the report says that nothing is lost')
  return faults
}

/** Returns the number of entries that a repaired database lacks, or has with another value. */
export function missingCount(expected: Content, found: Content): number {
  let count = 0
  for (const [keyspace, entries] of expected) {
    for (const [key, value] of entries) if (found.get(keyspace)?.get(key) !== value) count++
  }
  return count
}
