// Strategy: an encrypted database of each engine holds compressible values of every place: in pages and blocks, in extents, in blob files of one and
// of several chunks, and in a batch that writes them early. It is reopened, verified, collected, backed up, restored, damaged and repaired.
// Invariants: every value reads back; files are smaller than the values, contain no text, and are intact; what is lost is reported, and only that.
import { MemoryVfs } from '@ldb/vfs'
import { describe, expect, test } from 'vitest'
import { Database } from '../src/index.js'
import type { EngineName, Encryption } from '../src/index.js'
import { filesBelow } from './backup/backup-setup.js'

const ENCRYPTION: Encryption = { key: Uint8Array.from({ length: 32 }, (_, index) => index * 11) }
const CANARY = 'canary-of-the-compression-5d4c3b2a'

/** A compressible text of `length` characters. */
function textOf(index: number, length: number): string {
  const text = `${CANARY} ${index} `
  return text.repeat(Math.ceil(length / text.length)).slice(0, length)
}

function optionsOf(vfs: MemoryVfs, engine: EngineName): Parameters<typeof Database.open>[1] {
  const sizes = { pageBytes: 4096, memtableBytes: 65_536, blobBytes: 20_000 } as const
  return { vfs, engine, ...sizes, workers: 0, compression: 'lz4', encryption: ENCRYPTION }
}

/** Writes values into every place, and returns the content. */
function write(db: Database): Map<string, string> {
  for (let index = 0; index < 100; index++) db.put(`small ${index}`, textOf(index, 100))
  for (let index = 0; index < 40; index++) db.put(`extent ${index}`, textOf(index, 9000 + index * 250))
  for (let index = 0; index < 20; index++) db.put(`blob ${index}`, textOf(index, 200_000 + index))
  db.put('chunks', textOf(1, 2_500_000))
  const batch = db.batch()
  for (let index = 0; index < 5; index++) batch.put(`early ${index}`, textOf(index, 150_000))
  batch.commit()
  return new Map(db.entries())
}

function contentOf(vfs: MemoryVfs, directory: string): Map<string, string> {
  const db = Database.open(directory, { vfs, encryption: ENCRYPTION, createIfMissing: false })
  try {
    expect(db.verify().findings).toEqual([])
    return new Map(db.entries())
  } finally {
    db.close()
  }
}

/** Returns the bytes of the files of a directory with blobs, and with stores; expects that no file contains the text. */
function bytesOf(vfs: MemoryVfs, directory: string): { blobs: number; stores: number } {
  const sums = { blobs: 0, stores: 0 }
  for (const path of filesBelow(vfs, directory)) {
    const file = vfs.open(path, 'read')
    const bytes = new Uint8Array(file.length())
    file.read(bytes, 0, bytes.length, 0)
    file.close()
    expect(Buffer.from(bytes).includes(CANARY), path).toBe(false)
    if (path.endsWith('.blob')) sums.blobs += bytes.length
    if (path.includes('/keyspaces/')) sums.stores += bytes.length
  }
  return sums
}

describe.each(['btree', 'lsm'] as const)('an encrypted and compressed database with engine %s', (engine) => {
  test('reads back after each open, and is backed up and restored', () => {
    const vfs = new MemoryVfs()
    const db = Database.open('/data', optionsOf(vfs, engine))
    const expected = write(db)
    expect(expected.size).toBe(166)
    for (const [key, value] of expected) expect(db.get(key)).toBe(value)
    db.checkpoint()
    db.put('in the log', textOf(7, 300_000))
    expected.set('in the log', textOf(7, 300_000))
    expect(db.verify().findings).toEqual([])
    db.backup('/backups')
    db.close()
    // 2.5 MB are divided into chunks, and not compressed; 5 MB are.
    const { blobs, stores } = bytesOf(vfs, '/data')
    expect(blobs).toBeGreaterThan(2_500_000)
    expect(blobs).toBeLessThan(2_700_000)
    // Of 560 kB in extents or blocks.
    expect(stores).toBeLessThan(300_000)
    expect(contentOf(vfs, '/data')).toEqual(expected)
    bytesOf(vfs, '/backups')
    Database.restore('/backups', '/restored', { vfs, encryption: ENCRYPTION })
    expect(contentOf(vfs, '/restored')).toEqual(expected)
  })

  test('is compacted and repaired, and loses only the values that are damaged', () => {
    const vfs = new MemoryVfs()
    const db = Database.open('/data', optionsOf(vfs, engine))
    const expected = write(db)
    for (let index = 0; index < 30; index++) {
      db.delete(`extent ${index}`)
      expected.delete(`extent ${index}`)
    }
    db.compact()
    expect(db.verify().findings).toEqual([])
    db.close()
    Database.repair('/data', { target: '/whole', vfs, encryption: ENCRYPTION })
    expect(contentOf(vfs, '/whole')).toEqual(expected)
    expect(bytesOf(vfs, '/whole').blobs).toBeLessThan(2_700_000)

    const [path = ''] = filesBelow(vfs, '/data').filter((each) => each.endsWith('.blob'))
    const file = vfs.open(path, 'write')
    const byte = new Uint8Array(1)
    // In the first value, behind the headers of the file and of its record, and the key.
    file.read(byte, 0, 1, 500)
    file.write(Uint8Array.of((byte[0] as number) ^ 1), 0, 1, 500)
    file.close()
    const report = Database.repair('/data', { target: '/repaired', vfs, encryption: ENCRYPTION })
    expect(report.isComplete).toBe(false)
    expect(report.losses.map(({ lower }) => Buffer.from(lower ?? []).toString())).toEqual(['blob 0'])
    const content = contentOf(vfs, '/repaired')
    expect(content.size).toBe(expected.size - 1)
    for (const [key, value] of content) expect(value).toBe(expected.get(key))
  })
})
