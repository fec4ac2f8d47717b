import { isLdbError } from '@ldb/base'
import { CodecTable, DEFLATE_CODEC, LZ4_CODEC, UnitCompressor } from '@ldb/integrity'
import { MemoryVfs } from '@ldb/vfs'
import { describe, expect, test } from 'vitest'
import { BlobFiles, decodedBytesOf, decodeReference, encodeReference } from './index.js'

const KEY = Uint8Array.of(1, 2, 3)
const OWN_CODEC = { ...DEFLATE_CODEC, id: 200, name: 'own' }

function textOf(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index >> 5) & 0xff)
}

function newFiles(codecs?: CodecTable): { vfs: MemoryVfs; files: BlobFiles } {
  const vfs = new MemoryVfs()
  vfs.makeDirectory('values')
  return { vfs, files: BlobFiles.open(vfs, 'values', codecs === undefined ? {} : { codecs }) }
}

function codeOf(call: () => unknown): string {
  try {
    call()
  } catch (error) {
    return isLdbError(error) ? error.code : String(error)
  }
  return 'no error'
}

describe('an encoded value', () => {
  test.each([1000, 20_000, 2 ** 20 - 1, 2 ** 20])(
    'of %d bytes is restored, as a whole and as a chunk',
    (length) => {
      const { vfs, files } = newFiles()
      const value = textOf(length)
      const bytes = files.append(KEY, value, 0, 3, 0, length, new UnitCompressor(LZ4_CODEC))
      files.sync()
      for (const opened of [files, BlobFiles.open(vfs, 'values')]) {
        const reference = opened.decode(bytes)
        expect(reference).toMatchObject({ codecId: 2, decodedBytes: length })
        expect(reference.valueBytes).toBeLessThan(0.2 * length)
        expect(decodedBytesOf(reference)).toBe(length)
        expect(Buffer.compare(opened.read(bytes), value)).toBe(0)
        const table = opened.readChunkTable(reference)
        expect(Buffer.compare(opened.readChunk(reference, table, 0), value)).toBe(0)
        // The record has the same reference.
        expect(opened.readRecord(1, 64)?.reference).toEqual(bytes)
      }
      files.close()
    },
  )

  test('is stored as it is when it does not compress, or is longer than a chunk', () => {
    const { files } = newFiles()
    const random = textOf(5000).map((byte, index) => (byte * (index | 1) * 2_654_435_761) >>> 11)
    for (const value of [random, textOf(2 ** 20 + 1)]) {
      const bytes = files.append(KEY, value, 0, 3, 0, value.length, new UnitCompressor(LZ4_CODEC))
      expect(files.decode(bytes)).toMatchObject({ codecId: 0, decodedBytes: 0, valueBytes: value.length })
      expect(Buffer.compare(files.read(bytes), value)).toBe(0)
    }
    files.close()
  })

  test('needs its codec to be read, and none to be checked', () => {
    const codecs = new CodecTable()
    const { files } = newFiles(codecs)
    const bytes = files.append(KEY, textOf(9000), 0, 3, 0, 9000, new UnitCompressor(OWN_CODEC))
    expect(codeOf(() => files.read(bytes))).toBe('LDB_UNSUPPORTED')
    expect(codeOf(() => files.check(bytes))).toBe('no error')
    codecs.add(OWN_CODEC)
    expect(Buffer.compare(files.read(bytes), textOf(9000))).toBe(0)
    files.close()
  })

  test('is damage when its reference states a length out of bounds, or another one', () => {
    const { files } = newFiles()
    const bytes = files.append(KEY, textOf(9000), 0, 3, 0, 9000, new UnitCompressor(LZ4_CODEC))
    const reference = files.decode(bytes)
    for (const decodedBytes of [2 ** 20 + 1, 2 ** 26, 2 ** 32 - 1]) {
      expect(decodeReference(encodeReference({ ...reference, decodedBytes }))).toBeUndefined()
    }
    expect(decodeReference(encodeReference({ ...reference, codecId: 0 }))).toBeUndefined()
    expect(decodeReference(encodeReference({ ...reference, valueBytes: 2 ** 20 + 1 }))).toBeUndefined()
    for (const decodedBytes of [0, 8999, 9001, 2 ** 20]) {
      expect(codeOf(() => files.read(encodeReference({ ...reference, decodedBytes })))).toBe('LDB_CORRUPTION')
    }
    expect(codeOf(() => files.read(encodeReference({ ...reference, codecId: 1 })))).toBe('LDB_CORRUPTION')
    files.close()
  })

  test('is damage when any byte of it changes in the file', () => {
    const { vfs, files } = newFiles()
    const bytes = files.append(KEY, textOf(3000), 0, 3, 0, 3000, new UnitCompressor(LZ4_CODEC))
    const { valueOffset, valueBytes } = files.decode(bytes)
    const file = vfs.open('values/1.blob', 'write')
    const stored = new Uint8Array(valueBytes)
    file.read(stored, 0, valueBytes, valueOffset)
    for (let index = 0; index < valueBytes; index++) {
      file.write(Uint8Array.of(stored[index]! ^ 4), 0, 1, valueOffset + index)
      expect(codeOf(() => files.read(bytes))).toBe('LDB_CORRUPTION')
      file.write(stored, index, 1, valueOffset + index)
    }
    expect(Buffer.compare(files.read(bytes), textOf(3000))).toBe(0)
    file.close()
    files.close()
  })
})
