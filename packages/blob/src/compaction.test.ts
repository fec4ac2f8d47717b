import type { MemoryVfs } from '@ldb/vfs'
import { expect, test } from 'vitest'
import { areEqual, bytesOf, KEY, openedFiles, replace, valueOf } from '../test/files.js'
import { BlobFiles, CHUNK_BYTES, compactedBytes, FIRST_RECORD_OFFSET } from './index.js'

const LARGE = [3000, 100, 2 * CHUNK_BYTES + 7, 50_000]

/** Appends values to file 1, and begins file 2. */
function filled(): { vfs: MemoryVfs; files: BlobFiles; references: Uint8Array[] } {
  const { vfs, files } = openedFiles()
  const references = LARGE.map((byteCount, index) =>
    files.append(KEY.subarray(0, index), valueOf(index, byteCount)),
  )
  files.rotate()
  files.append(KEY, valueOf(9, 10))
  files.sync()
  return { vfs, files, references }
}

function recordsOf(files: BlobFiles, number: number): { offset: number; recordBytes: number }[] {
  const records: { offset: number; recordBytes: number }[] = []
  for (let offset = FIRST_RECORD_OFFSET; ;) {
    const record = files.readRecord(number, offset)
    if (record === undefined) return records
    records.push({ offset: record.offset, recordBytes: record.nextOffset - record.offset })
    offset = record.nextOffset
  }
}

const noSlice = { sync: (): void => undefined, syncAsync: async (): Promise<void> => undefined }

test('the references of kept records stay valid, those of others are refused', () => {
  const { vfs, files, references } = filled()
  const kept = recordsOf(files, 1).filter((_, index) => index !== 1 && index !== 3)
  files.beginCompaction(1, kept, noSlice).sync()
  const again = BlobFiles.open(vfs, 'blobs')
  for (const reader of [files, again]) {
    for (const [index, reference] of references.entries()) {
      if (index === 1 || index === 3) expect(() => reader.read(reference)).toThrow('was removed')
      else expect(areEqual(reader.read(reference), valueOf(index, LARGE[index]!))).toBe(true)
    }
    expect(recordsOf(reader, 1)).toEqual(kept)
  }
  expect(bytesOf(vfs, 'blobs/1.blob').length).toBeLessThan(LARGE[0]! + LARGE[2]! + 1000)
})

test('a compacted file is compacted again', () => {
  const { vfs, files, references } = filled()
  const records = recordsOf(files, 1)
  files.beginCompaction(1, records.slice(1), noSlice).sync()
  files.beginCompaction(1, records.slice(2), noSlice).sync()
  expect(areEqual(files.read(references[2]!), valueOf(2, LARGE[2]!))).toBe(true)
  expect(areEqual(files.read(references[3]!), valueOf(3, LARGE[3]!))).toBe(true)
  expect(() => files.read(references[1]!)).toThrow('was removed')
  expect(vfs.list('blobs').sort()).toEqual(['1.blob', '2.blob'])
})

test('what a crash has left of a copy is replaced', () => {
  const { vfs, files, references } = filled()
  replace(vfs, 'blobs/1.blob.new', valueOf(1, 5000))
  expect(BlobFiles.open(vfs, 'blobs').fileCount).toBe(2)
  files.beginCompaction(1, recordsOf(files, 1).slice(0, 1), noSlice).sync()
  expect(areEqual(files.read(references[0]!), valueOf(0, LARGE[0]!))).toBe(true)
  expect(vfs.list('blobs').sort()).toEqual(['1.blob', '2.blob'])
})

test('a changed byte of the index is noticed', () => {
  const { vfs, files, references } = filled()
  files.beginCompaction(1, recordsOf(files, 1).slice(1), noSlice).sync()
  const bytes = bytesOf(vfs, 'blobs/1.blob')
  for (let at = FIRST_RECORD_OFFSET; at < FIRST_RECORD_OFFSET + 3 * 16 + 8; at++) {
    const changed = bytes.slice()
    changed[at]! ^= 1 << (at & 7)
    replace(vfs, 'blobs/1.blob', changed)
    expect(() => BlobFiles.open(vfs, 'blobs').read(references[1]!), `byte ${at}`).toThrow('index')
  }
})

test('records are written again with the same bytes', () => {
  const { vfs, files, references } = filled()
  const before = bytesOf(vfs, 'blobs/1.blob')
  files.persist(references.map((reference) => files.decode(reference)))
  expect(areEqual(bytesOf(vfs, 'blobs/1.blob'), before)).toBe(true)
})

test('a file without a live record is truncated in place, and keeps its number', () => {
  const { vfs, files } = openedFiles()
  const reference = files.append(KEY, valueOf(1, 5000))
  files.rotate()
  files.beginCompaction(1, [], noSlice).sync()
  expect(vfs.list('blobs')).toEqual(['1.blob'])
  expect(bytesOf(vfs, 'blobs/1.blob').length).toBe(FIRST_RECORD_OFFSET)
  expect(files.files()).toEqual([{ number: 1, fileBytes: FIRST_RECORD_OFFSET }])
  expect(() => files.read(reference)).toThrow('behind the end')
  files.append(KEY, valueOf(2, 10))
  expect(
    BlobFiles.open(vfs, 'blobs')
      .files()
      .map(({ number }) => number),
  ).toEqual([1, 2])
})

test('the length of a compacted copy is known before it is written', () => {
  const { vfs, files } = filled()
  const kept = recordsOf(files, 1).slice(0, 2)
  files.beginCompaction(1, kept, noSlice).sync()
  expect(bytesOf(vfs, 'blobs/1.blob').length).toBe(compactedBytes(kept))
})

test('copies that were not completed are removed', () => {
  const { vfs, files } = filled()
  replace(vfs, 'blobs/1.blob.new', valueOf(1, 5000))
  replace(vfs, 'blobs/other.new', valueOf(1, 5))
  files.removeUnfinished()
  expect(vfs.list('blobs').sort()).toEqual(['1.blob', '2.blob', 'other.new'])
})
