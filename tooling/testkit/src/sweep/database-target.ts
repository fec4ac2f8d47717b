import { Database } from '@ldb/core'
import type { DatabaseOptions } from '@ldb/core'
import { MemoryVfs } from '@ldb/vfs'
import { seededRandom } from '../base/test-random.js'
import { assertGuarantee } from '../base/violation.js'
import { captureImage, imageVfs, readFile } from '../corruption/directory-image.js'
import { viewOf } from '../corruption/tree-layout.js'
import { MemoryFiles } from './memory-files.js'
import { isRefused, wholeOf } from './sweep-target.js'
import type { ByteRange, SweepTarget, TargetFile } from './sweep-target.js'

const DIRECTORY = 'data'
const BLOB_HEADER_BYTES = 64
const RECORD_HEADER_BYTES = 40
const TRAILER_BYTES = 44
const TUNING = Symbol.for('ldb.tuning')

/** Codec of the values in blob files. */
export type ValueCompression = 'none' | 'lz4' | 'deflate'

type Content = ReadonlyMap<string, string>

/** An open database: its catalog, its key file, and a blob file with some values. */
export function databaseTarget(
  seed: number,
  isEncrypted: boolean,
  compression: ValueCompression,
): SweepTarget {
  const { vfs, options, content, db } = build(seed, isEncrypted, compression)
  const files = new MemoryFiles(vfs)
  return {
    name: `database, ${compression}${isEncrypted ? ', encrypted' : ''}, seed ${seed}`,
    files: filesOf(vfs, isEncrypted),
    patch: (path, bytes, start) => {
      files.patch(path, bytes, start)
    },
    truncate: (path, length) => {
      files.truncate(path, length)
    },
    verify: () => db.verify().findings,
    read: () =>
      isRefused(() => {
        readAll(vfs, options, content)
      }),
    close: () => {
      db.close()
      files.close()
    },
  }
}

function filesOf(vfs: MemoryVfs, isEncrypted: boolean): TargetFile[] {
  const common = { groups: [], foreign: [], mustReportCuts: true }
  const catalog = readFile(vfs, `${DIRECTORY}/CATALOG`)
  const blob = readFile(vfs, `${DIRECTORY}/blobs/1.blob`)
  const records = blobRecords(blob, isEncrypted ? TRAILER_BYTES : 0)
  const live = [{ start: 0, end: BLOB_HEADER_BYTES }, ...records]
  const files: TargetFile[] = [
    {
      ...common,
      path: `${DIRECTORY}/CATALOG`,
      bytes: catalog,
      live: wholeOf(catalog),
      units: [],
      flipStep: 3,
    },
    { ...common, path: `${DIRECTORY}/blobs/1.blob`, bytes: blob, live, units: records, flipStep: 3 },
  ]
  if (!isEncrypted) return files
  const keys = readFile(vfs, `${DIRECTORY}/KEYS`)
  // Two equal slots, most of which are zeros.
  return [
    ...files,
    { ...common, path: `${DIRECTORY}/KEYS`, bytes: keys, live: wholeOf(keys), units: [], flipStep: 97 },
  ]
}

/** Returns the records of a blob file of which every value is live. */
function blobRecords(bytes: Uint8Array, trailerBytes: number): ByteRange[] {
  const view = viewOf(bytes)
  const records: ByteRange[] = []
  for (let start = BLOB_HEADER_BYTES; start + RECORD_HEADER_BYTES <= bytes.length;) {
    const [valueBytes, keyBytes] = [view.getUint32(start + 24, true), view.getUint16(start + 28, true)]
    const end = start + RECORD_HEADER_BYTES + keyBytes + valueBytes + 2 * trailerBytes
    records.push({ start, end })
    start = Math.ceil(end / 8) * 8
  }
  return records
}

function build(
  seed: number,
  isEncrypted: boolean,
  compression: ValueCompression,
): { vfs: MemoryVfs; options: DatabaseOptions; content: Content; db: Database } {
  const random = seededRandom(seed)
  const vfs = new MemoryVfs({ seed })
  const options: DatabaseOptions = {
    blobBytes: 64,
    cacheBytes: 65_536,
    workers: 0,
    compression,
    ...(isEncrypted ? { encryption: { key: new Uint8Array(32).fill(seed) } } : {}),
  }
  const content = new Map<string, string>()
  const db = Database.open(DIRECTORY, {
    ...options,
    vfs,
    ...{ [TUNING]: { preallocateBytes: 0, pageBytes: 512 } },
  })
  for (let index = 0; index < 4; index++) {
    const [key, value] = [`key ${index}`, `${random.word()} `.repeat(12 + random.below(12))]
    db.put(key, value)
    content.set(key, value)
  }
  db.checkpoint()
  return { vfs, options, content, db }
}

/** Opens a copy of the directory: the database itself is locked. */
function readAll(vfs: MemoryVfs, options: DatabaseOptions, content: Content): void {
  const { directories, files } = captureImage(vfs, DIRECTORY)
  const copied = new Map([...files].filter(([path]) => !path.endsWith('/LOCK')))
  const copy = imageVfs({ directories, files: copied })
  const db = Database.open(DIRECTORY, { ...options, vfs: copy, createIfMissing: false })
  try {
    const found = db.entries().toArray()
    assertGuarantee(
      JSON.stringify(found) === JSON.stringify([...content]),
      () => 'a scan returns other entries',
    )
  } finally {
    db.close()
  }
}
