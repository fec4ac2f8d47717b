// Strategy: values of all lengths, streams and compactions in encrypted files; then bytes are changed and moved.
// Invariants: files behave as plain ones; no byte of a key or value is on disk; a value that was changed, moved or replaced by another one
// is LDB_CORRUPTION; a needed or needless key is LDB_KEY.
import { isLdbError } from '@ldb/base'
import { DataKeys } from '@ldb/integrity'
import { SeededRandom } from '@ldb/vfs'
import type { MemoryVfs } from '@ldb/vfs'
import { expect, test } from 'vitest'
import { BlobFiles, CHUNK_BYTES, decodeReference, FIRST_RECORD_OFFSET } from '../src/index.js'
import type { BlobFilesOptions } from '../src/index.js'
import { areEqual, bytesOf, openedFiles, valueOf } from './files.js'

const SIZES = [0, 1, 100, 65_400, 65_500, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES + 5]
const MARK = Buffer.from('a key of an entry that is secret')
const noSlice = { sync: (): void => undefined, syncAsync: async (): Promise<void> => undefined }

function encrypted(key = 1): BlobFilesOptions {
  const keys = new DataKeys(new Uint8Array(16).fill(5), new SeededRandom(key))
  keys.add(1, new Uint8Array(32).fill(key))
  keys.use(1)
  return { fileBytes: 5_000_000, createCipher: (fileId) => keys.cipherOf('blob', fileId) }
}

function codeOf(call: () => unknown): string | undefined {
  try {
    call()
  } catch (error) {
    return isLdbError(error) ? error.code : String(error)
  }
  return undefined
}

function recordsOf(
  files: BlobFiles,
  number: number,
): { offset: number; recordBytes: number; key: Uint8Array }[] {
  const records: { offset: number; recordBytes: number; key: Uint8Array }[] = []
  for (let offset = FIRST_RECORD_OFFSET; ;) {
    const record = files.readRecord(number, offset)
    if (record === undefined) return records
    records.push({ offset: record.offset, recordBytes: record.nextOffset - record.offset, key: record.key })
    offset = record.nextOffset
  }
}

function expectNoMark(vfs: MemoryVfs): void {
  for (const name of vfs.list('blobs'))
    expect(Buffer.from(bytesOf(vfs, `blobs/${name}`)).includes(MARK)).toBe(false)
}

test('values of all lengths are read, scanned, compacted and persisted', () => {
  const { vfs, files } = openedFiles(encrypted())
  const value = (index: number): Uint8Array => {
    const bytes = valueOf(index, SIZES[index]!)
    if (bytes.length > 50) bytes.set(MARK, 10)
    return bytes
  }
  const references = SIZES.map((_, index) => files.append(MARK, value(index)))
  files.sync()
  files.persist(references.map((reference) => files.decode(reference)))
  const again = BlobFiles.open(vfs, 'blobs', encrypted())
  for (const reader of [files, again]) {
    for (const [index, reference] of references.entries()) {
      expect(areEqual(reader.read(reference, 0, 3).subarray(3), value(index))).toBe(true)
    }
  }
  const records = recordsOf(again, 1)
  expect(records).toHaveLength(SIZES.length)
  for (const { key } of records) expect(areEqual(key, MARK)).toBe(true)
  files.rotate()
  files.beginCompaction(1, records.slice(3), noSlice).sync()
  for (const [index, reference] of references.entries()) {
    if (index < 3) expect(codeOf(() => files.read(reference))).toBe('LDB_CORRUPTION')
    else expect(areEqual(files.read(reference), value(index))).toBe(true)
  }
  expect(recordsOf(files, 1)).toEqual(records.slice(3))
  expectNoMark(vfs)
})

test('a stream is encrypted chunk by chunk', async () => {
  for (const size of [0, 5, CHUNK_BYTES, 2 * CHUNK_BYTES + 17]) {
    const { vfs, files } = openedFiles(encrypted())
    const value = valueOf(size, size)
    if (size > 50) value.set(MARK, 4)
    const writer = files.beginStream(MARK)
    for (let at = 0; at < size; at += 700_001) await writer.write(value.subarray(at, at + 700_001))
    const reference = await writer.finish()
    expect(areEqual(BlobFiles.open(vfs, 'blobs', encrypted()).read(reference), value)).toBe(true)
    expect(areEqual(recordsOf(files, writer.fileNumber)[0]!.key, MARK)).toBe(true)
    expectNoMark(vfs)
  }
})

test('a value in the place of another one, of this file or of another, does not authenticate', () => {
  const { vfs, files } = openedFiles(encrypted())
  const references = [1, 2].map((seed) => files.append(MARK, valueOf(seed, 1000)))
  files.rotate()
  references.push(files.append(MARK, valueOf(3, 1000)))
  files.sync()
  const [first, second, third] = references.map((reference) => decodeReference(reference)!.valueOffset)
  const one = bytesOf(vfs, 'blobs/1.blob')
  const other = bytesOf(vfs, 'blobs/2.blob')
  const file = vfs.open('blobs/1.blob', 'write')
  file.write(one, second!, 1044, first!)
  expect(codeOf(() => BlobFiles.open(vfs, 'blobs', encrypted()).read(references[0]!))).toBe('LDB_CORRUPTION')
  file.write(other, third!, 1044, first!)
  expect(codeOf(() => BlobFiles.open(vfs, 'blobs', encrypted()).read(references[0]!))).toBe('LDB_CORRUPTION')
  file.write(one, first!, 1044, first!)
  expect(codeOf(() => BlobFiles.open(vfs, 'blobs', encrypted()).read(references[0]!))).toBe(undefined)
  // A reference to another version of the value.
  const stale = references[0]!.slice()
  stale[16]! ^= 1
  expect(codeOf(() => files.read(stale))).toBe('LDB_CORRUPTION')
})

test('every changed byte of a value, its key and its trailers is noticed', () => {
  const { vfs, files } = openedFiles(encrypted())
  const reference = files.append(MARK, valueOf(1, 200))
  files.close()
  const stored = bytesOf(vfs, 'blobs/1.blob')
  const file = vfs.open('blobs/1.blob', 'write')
  const { valueOffset } = decodeReference(reference)!
  for (let at = FIRST_RECORD_OFFSET; at < valueOffset + 244; at++) {
    file.write(Uint8Array.of(stored[at]! ^ 1), 0, 1, at)
    const reader = BlobFiles.open(vfs, 'blobs', encrypted())
    if (at >= valueOffset)
      expect(
        codeOf(() => reader.read(reference)),
        `byte ${at}`,
      ).toBe('LDB_CORRUPTION')
    else
      expect(
        codeOf(() => recordsOf(reader, 1)[0]!.key),
        `byte ${at}`,
      ).toMatch(/TypeError|LDB_CORRUPTION/)
    file.write(stored, at, 1, at)
  }
})

test('another key is LDB_CORRUPTION; a needed or needless one is LDB_KEY', () => {
  const { vfs, files } = openedFiles(encrypted())
  const reference = files.append(MARK, valueOf(1, 100))
  files.close()
  expect(codeOf(() => BlobFiles.open(vfs, 'blobs', encrypted(2)).read(reference))).toBe('LDB_CORRUPTION')
  expect(codeOf(() => BlobFiles.open(vfs, 'blobs').read(reference))).toBe('LDB_KEY')
  const plain = openedFiles()
  const plainReference = plain.files.append(MARK, valueOf(1, 100))
  plain.files.close()
  expect(codeOf(() => BlobFiles.open(plain.vfs, 'blobs', encrypted()).read(plainReference))).toBe('LDB_KEY')
})
