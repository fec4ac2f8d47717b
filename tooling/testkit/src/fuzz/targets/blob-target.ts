import { isLdbError } from '@ldb/base'
import { Database } from '@ldb/core'
import { MemoryVfs } from '@ldb/vfs'
import { captureImage, imageVfs, readFile, writeFile } from '../../corruption/directory-image.js'
import type { DirectoryImage } from '../../corruption/directory-image.js'
import { assertGuarantee } from '../../base/violation.js'
import { HEADER_BYTES, recordsOf, repairBlobFile } from '../repair/blob-repair.js'
import type { FuzzTarget } from './fuzz-target.js'

const DIRECTORY = 'database'
const FILE = `${DIRECTORY}/blobs/1.blob`
const COUNT = 12
const BLOB_BYTES = 64

/**
 * A blob file, as written or compacted, beside a store with references to it: every value is read, the file is verified and collected, and the
 * values are read again. A read returns the value that was written, or an error.
 */
export const blobTarget: FuzzTarget = {
  name: 'blob-file',
  samples: () => [0, 1].map((kind) => readFile(imageVfs(imageOf(kind)), FILE)),
  bytesMax: 6_000,
  // Of `verify`, for a file that a newer build has written.
  codes: ['LDB_UNSUPPORTED', 'LDB_FORMAT'],
  inputsPerCase: 100,
  run(input) {
    // The same references name the records of both.
    const vfs = imageVfs(imageOf(0))
    writeFile(vfs, FILE, input)
    const db = openedAt(vfs)
    try {
      readAll(db)
      db.verify()
      db.delete(keyOf(1))
      collect(db)
      readAll(db)
    } finally {
      db.close()
    }
  },
  repair: repairBlobFile,
  mutate(input, random) {
    const record = random.pick([0, ...recordsOf(input)])
    const offsets = [
      record + random.below(44),
      HEADER_BYTES - 12 + random.below(60),
      random.below(input.length),
    ]
    const at = random.pick(offsets)
    if (at < input.length)
      input[at] = random.chance(0.5) ? random.below(256) : (input[at] ?? 0) ^ (1 << random.below(8))
  },
}

function readAll(db: Database): void {
  for (let index = 0; index < COUNT; index++) {
    const value = readOne(db, keyOf(index))
    assertGuarantee(value === undefined || value === textOf(index), () => `a wrong value of ${keyOf(index)}`)
  }
}

/** Returns a value; `undefined` for an absent or a damaged one. */
function readOne(db: Database, key: string): string | undefined {
  try {
    return db.get(key)
  } catch (error) {
    if (!isReported(error)) throw error
    return undefined
  }
}

function collect(db: Database): void {
  try {
    db.compact()
  } catch (error) {
    if (!isReported(error)) throw error
  }
}

function isReported(error: unknown): boolean {
  return isLdbError(error) && ['LDB_CORRUPTION', 'LDB_FORMAT', 'LDB_UNSUPPORTED'].includes(error.code)
}

const images = new Map<number, DirectoryImage>()

/** A database whose first blob file is as it was written (0), or compacted (1). */
function imageOf(kind: number): DirectoryImage {
  const known = images.get(kind)
  if (known !== undefined) return known
  const vfs = new MemoryVfs({ seed: 5 })
  const db = openedAt(vfs)
  for (let index = 0; index < COUNT; index++) db.put(keyOf(index), textOf(index))
  db.put('other', textOf(COUNT))
  if (kind === 1) {
    for (let index = 0; index < COUNT; index += 3) db.delete(keyOf(index))
    db.compact()
  }
  db.close()
  const image = captureImage(vfs, DIRECTORY)
  images.set(kind, image)
  return image
}

function openedAt(vfs: MemoryVfs): Database {
  return Database.open(DIRECTORY, { vfs, blobBytes: BLOB_BYTES, cacheBytes: 65_536, durability: 'periodic' })
}

function keyOf(index: number): string {
  return `key ${index}${index % 5 === 3 ? '.'.repeat(300) : ''}`
}

function textOf(index: number): string {
  return `${index}:`.padEnd(70 + index * 13, String(index % 10))
}
