import { isLdbError } from '@ldb/base'
import { expect, test } from 'vitest'
import { areEqual, bytesOf, KEY, openedFiles, valueOf } from '../test/files.js'
import { BlobFiles, CHUNK_BYTES, decodeReference, FIRST_RECORD_OFFSET, verifyBlobFiles } from './index.js'

const SIZES = [0, 1, 100, 65_479, 65_480, 100_000, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES + 5]

function codeOf(call: () => unknown): string | undefined {
  try {
    call()
  } catch (error) {
    return isLdbError(error) ? error.code : String(error)
  }
  return undefined
}

test('reads every value by its reference, in this process and in the next one', () => {
  const { vfs, files } = openedFiles({ fileBytes: 1_000_000 })
  const references = SIZES.map((size, index) => files.append(KEY, valueOf(index, size)))
  const check = (opened: BlobFiles): void => {
    for (const [index, size] of SIZES.entries()) {
      const reference = references[index]!
      expect(areEqual(opened.read(reference), valueOf(index, size))).toBe(true)
      const shifted = new Uint8Array(40)
      shifted.set(reference, 8)
      expect(areEqual(opened.read(shifted, 8), valueOf(index, size))).toBe(true)
    }
  }
  check(files)
  files.close()
  check(BlobFiles.open(vfs, 'blobs'))
})

test('appends part of a buffer with part of another as the key', () => {
  const { files } = openedFiles()
  const reference = files.append(valueOf(1, 20), valueOf(2, 500), 3, 9, 100, 300)
  expect(files.read(reference)).toEqual(valueOf(2, 500).subarray(100, 300))
  expect(files.readRecord(1, FIRST_RECORD_OFFSET)?.key).toEqual(valueOf(1, 20).subarray(3, 9))
})

test('a full file is followed by the next, and a value larger than a file has one of its own', () => {
  const { files } = openedFiles({ fileBytes: 10_000 })
  const numbers = [4000, 4000, 4000, 50_000, 10].map(
    (size) => decodeReference(files.append(KEY, valueOf(1, size)))?.fileNumber,
  )
  expect(numbers).toEqual([1, 1, 2, 3, 4])
  expect(files.files().map(({ number }) => number)).toEqual([1, 2, 3, 4])
})

test('a found file is not appended to (V1), and no number is used again (V2)', () => {
  const { vfs, files } = openedFiles()
  files.append(KEY, valueOf(1, 100))
  files.close()
  const before = bytesOf(vfs, 'blobs/1.blob')
  const again = BlobFiles.open(vfs, 'blobs')
  again.append(KEY, valueOf(2, 100))
  expect(bytesOf(vfs, 'blobs/1.blob')).toEqual(before)
  expect(again.isRemovable(1)).toBe(false)
  again.sync()
  expect([again.isRemovable(1), again.isRemovable(2)]).toEqual([true, false])
  again.beginRemoval(1).sync()
  again.close()
  const third = BlobFiles.open(vfs, 'blobs')
  expect(decodeReference(third.append(KEY, valueOf(3, 1)))?.fileNumber).toBe(3)
  expect(() => third.beginRemoval(3)).toThrow('newest')
})

test('a scan returns keys and references in order, and ends at the first record that is not whole', () => {
  const { vfs, files } = openedFiles()
  const longKey = valueOf(5, 65_535)
  const references = [files.append(KEY, valueOf(1, 10)), files.append(longKey, valueOf(2, 70_000))]
  const scan = (): Uint8Array[] => {
    const found: Uint8Array[] = []
    for (let offset = FIRST_RECORD_OFFSET; ;) {
      const record = files.readRecord(1, offset)
      if (record === undefined) return found
      expect(areEqual(record.key, found.length === 0 ? KEY : longKey)).toBe(true)
      found.push(record.reference)
      offset = record.nextOffset
    }
  }
  expect(scan()).toEqual(references)
  const file = vfs.open('blobs/1.blob', 'write')
  file.write(Uint8Array.of(1), 0, 1, FIRST_RECORD_OFFSET + 56 + 40)
  expect(scan()).toEqual([references[0]])
})

test('writes a stream in chunks of any size, and has no file before its end', async () => {
  for (const size of [0, 5, CHUNK_BYTES, 3 * CHUNK_BYTES + 17]) {
    const { vfs, files } = openedFiles()
    const value = valueOf(size, size)
    const writer = files.beginStream(KEY)
    for (let at = 0; at < size; at += 700_001) await writer.write(value.subarray(at, at + 700_001))
    expect([files.files(), vfs.list('blobs')]).toEqual([[], ['1.blob.new']])
    const reference = await writer.finish()
    expect(areEqual(files.read(reference), value)).toBe(true)
    expect(files.readRecord(writer.fileNumber, FIRST_RECORD_OFFSET)?.reference).toEqual(reference)
    const decoded = files.decode(reference)
    const table = files.readChunkTable(decoded)
    const chunks: number[] = []
    for (let index = 0; index * CHUNK_BYTES < size; index++) {
      chunks.push(...files.readChunk(decoded, table, index).subarray(0, 1))
    }
    expect(chunks).toEqual(Array.from(chunks, (_, index) => value[index * CHUNK_BYTES]))
  }
})

test('an aborted stream leaves no file', async () => {
  const { vfs, files } = openedFiles()
  const [first, second, third] = [files.beginStream(KEY), files.beginStream(KEY), files.beginStream(KEY)]
  first.abort()
  await second.finish()
  expect(vfs.list('blobs').sort()).toEqual(['2.blob', '3.blob.new'])
  second.abort()
  files.close()
  await expect(third.finish()).rejects.toThrow()
  expect(files.fileCount).toBe(0)
  expect(vfs.list('blobs')).toEqual([])
})

test('the file with the greatest number stays while a stream is being written', () => {
  const { files } = openedFiles()
  files.append(KEY, valueOf(1, 10))
  files.rotate()
  files.append(KEY, valueOf(1, 10))
  files.rotate()
  files.sync()
  files.beginStream(KEY)
  expect([1, 2].map((number) => files.isRemovable(number))).toEqual([true, false])
})

test('unknown names are left alone, and a missing directory or file is reported', () => {
  const { vfs, files } = openedFiles()
  for (const name of ['0.blob', '01.blob', '1073741824.blob', '1.blob.new', 'x']) {
    vfs.open(`blobs/${name}`, 'create').close()
  }
  const again = BlobFiles.open(vfs, 'blobs')
  expect(again.fileCount).toBe(0)
  const reference = files.append(KEY, valueOf(1, 10))
  expect(codeOf(() => again.read(reference))).toBe('LDB_CORRUPTION')
  expect(codeOf(() => again.read(reference.subarray(1)))).toBe('LDB_CORRUPTION')
  expect(codeOf(() => BlobFiles.open(vfs, 'none'))).toBe('LDB_NOT_FOUND')
  expect(codeOf(() => BlobFiles.open(vfs, 'blobs', { size: 1 } as object))).toBe('LDB_INVALID_ARGUMENT')
})

test('a failed write leaves the file as it was', () => {
  const { vfs, files } = openedFiles()
  const first = files.append(KEY, valueOf(1, 10))
  const end = files.files()[0]?.fileBytes
  const broken = new Uint8Array(100_000)
  Object.defineProperty(broken, 'subarray', {
    value: () => {
      throw new RangeError('no memory')
    },
  })
  expect(() => files.append(KEY, broken, 0, 3, 0, 100)).toThrow('no memory')
  expect(files.files()[0]?.fileBytes).toBe(end)
  const second = files.append(KEY, valueOf(2, 20))
  expect([files.read(first), files.read(second)]).toEqual([valueOf(1, 10), valueOf(2, 20)])
  expect(vfs.list('blobs')).toEqual(['1.blob'])
})

test('verify counts files and records, and takes what has no intact header for dead', () => {
  const { vfs, files } = openedFiles()
  files.append(KEY, valueOf(1, 10))
  files.append(KEY, valueOf(2, 10))
  const counts = { files: 0, units: 0, bytes: 0 }
  const findings: string[] = []
  const sink = {
    finding: ({ kind, file }: { kind: string; file: string }) => findings.push(`${kind} ${file}`),
    progress: (step: { files?: number; units: number; bytes: number }) => {
      counts.files += step.files ?? 0
      counts.units += step.units
      counts.bytes += step.bytes
    },
  }
  verifyBlobFiles(files, 'blobs', sink)
  expect(counts).toEqual({ files: 1, units: 2, bytes: 64 + 56 + 56 })
  const file = vfs.open('blobs/1.blob', 'write')
  file.write(Uint8Array.of(1), 0, 1, 41)
  verifyBlobFiles(BlobFiles.open(vfs, 'blobs'), 'blobs', sink)
  expect(findings).toEqual([])
  expect(counts.units).toBe(2)
})

test('files are shorter where little space is free', () => {
  let freeBytes = 16 * 1_000_000
  const { files } = openedFiles({ freeBytes: () => freeBytes })
  for (let index = 0; index < 4; index++) files.append(KEY, valueOf(index, 300_000))
  expect(files.fileCount).toBe(2)
  freeBytes = 0
  for (let index = 0; index < 4; index++) files.append(KEY, valueOf(index, 100_000))
  // The file that was begun with more space takes its share; then 256 KiB hold two values.
  files.rotate()
  for (let index = 0; index < 4; index++) files.append(KEY, valueOf(index, 100_000))
  expect(files.fileCount).toBe(4)
})
