import { Database } from '@ldb/core'
import { SEED_ZERO } from '@ldb/integrity'
import { MemoryVfs } from '@ldb/vfs'
import { Wal } from '@ldb/wal'
import { captureImage, imageVfs, readFile, writeFile } from '../../corruption/directory-image.js'
import type { DirectoryImage } from '../../corruption/directory-image.js'
import { assertGuarantee } from '../../base/violation.js'
import { putChecksum, repairFileHeader } from '../repair/checksum.js'
import type { FuzzTarget } from './fuzz-target.js'

const DIRECTORY = 'data'
const CATALOG = `${DIRECTORY}/CATALOG`
/** Types of log records, from the FORMAT.md of core. */
const CHECKPOINT = 2
const CATALOG_NOTE = 3
/** Offset of the database id, which the log stores as its owner. */
const CATALOG_DATABASE_ID = 40

/** The catalog of a database. */
export const catalogTarget: FuzzTarget = {
  name: 'catalog',
  samples: () => [readFile(imageVfs(sampleImage()), CATALOG)],
  bytesMax: 600,
  codes: ['LDB_CORRUPTION', 'LDB_FORMAT', 'LDB_UNSUPPORTED'],
  inputsPerCase: 500,
  run(input) {
    const vfs = sampleVfs()
    writeFile(vfs, CATALOG, input)
    openAndClose(vfs)
  },
  repair(input) {
    if (input.length < 80) return
    repairFileHeader(input, 0)
    new DataView(input.buffer, input.byteOffset).setUint32(32, input.length, true)
    putChecksum(input, 24, 32, input.length, SEED_ZERO)
  },
}

/** The payload of a checkpoint record in the log. */
export const checkpointTarget: FuzzTarget = {
  name: 'checkpoint',
  samples: () => [sampleRecord(CHECKPOINT)],
  bytesMax: 200,
  codes: ['LDB_CORRUPTION', 'LDB_FORMAT'],
  inputsPerCase: 500,
  run(input) {
    openWithLog([[CHECKPOINT, input]])
  },
}

/** The payload of the log record of a catalog replacement. */
export const catalogNoteTarget: FuzzTarget = {
  name: 'catalog-note',
  samples: () => [sampleCatalogNote()],
  bytesMax: 40,
  codes: ['LDB_CORRUPTION'],
  inputsPerCase: 500,
  run(input) {
    openWithLog([
      [CHECKPOINT, sampleRecord(CHECKPOINT)],
      [CATALOG_NOTE, input],
    ])
  },
}

/** Opens the sample database with a log that contains these records. */
function openWithLog(records: readonly (readonly [type: number, payload: Uint8Array])[]): void {
  const vfs = sampleVfs()
  const log = `${DIRECTORY}/wal`
  for (const name of vfs.list(log)) vfs.remove(`${log}/${name}`)
  const catalog = readFile(vfs, CATALOG)
  const ownerId = catalog.slice(CATALOG_DATABASE_ID, CATALOG_DATABASE_ID + 16)
  const wal = Wal.open(vfs, log, { create: true, preallocateBytes: 0, ownerId })
  for (const [type, payload] of records) wal.append(payload, { type, seq: 2 })
  wal.close({ clean: true })
  openAndClose(vfs)
}

let sample: DirectoryImage | undefined

/** Returns an unmodified copy of the sample database. */
function sampleVfs(): MemoryVfs {
  return imageVfs(sampleImage())
}

function sampleImage(): DirectoryImage {
  sample ??= makeSample()
  return sample
}

function makeSample(): DirectoryImage {
  const vfs = new MemoryVfs()
  const db = Database.open(DIRECTORY, { vfs, cacheBytes: 131_072 })
  db.put('a', '1')
  db.keyspace('other', { keys: 'tuple', values: 'json' }).put(['b'], { two: 2 })
  // The close of so short a log makes no checkpoint: the newest record would be the one of the empty database.
  db.checkpoint()
  db.close()
  return captureImage(vfs, DIRECTORY)
}

/** Returns the newest payload of a type in the log of the sample. */
function sampleRecord(type: number): Uint8Array {
  const wal = Wal.open(sampleVfs(), `${DIRECTORY}/wal`)
  const reader = wal.read(wal.firstLsn)
  let payload: Uint8Array | undefined
  while (reader.next()) if (reader.type === type) payload = reader.payload.slice()
  wal.close()
  assertGuarantee(payload !== undefined, () => `the sample has no record of type ${type}`)
  return payload
}

/** Returns a catalog record for the catalog of the sample: the version that its checkpoint record names. */
function sampleCatalogNote(): Uint8Array {
  return sampleRecord(CHECKPOINT).slice(8, 32)
}

function openAndClose(vfs: MemoryVfs): void {
  const db = Database.open(DIRECTORY, { vfs, createIfMissing: false, cacheBytes: 131_072 })
  try {
    for (const { id, name } of db.keyspaces())
      assertGuarantee(id > 0 && name.length > 0, () => 'a keyspace has no id or name')
    for (const entry of db.entries()) assertGuarantee(entry.length === 2, () => 'an entry has no value')
    db.verify()
  } finally {
    db.close()
  }
}
