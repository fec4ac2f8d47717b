// Strategy: one blob file with a value of one chunk and one of three chunks. Every byte outside of the large value is changed, and a
// sample of its bytes; the file is cut at many lengths; and references are changed byte by byte.
// Invariants: a read returns the value that was written or is LDB_CORRUPTION, LDB_FORMAT or LDB_UNSUPPORTED; a byte that the reference
// covers is never changed unnoticed.
import { isLdbError } from '@ldb/base'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BlobFiles, CHUNK_BYTES, decodeReference, FIRST_RECORD_OFFSET } from '../src/index.js'
import { areEqual, bytesOf, KEY, openedFiles, replace, valueOf } from './files.js'

const { vfs, files } = openedFiles()
const small = valueOf(1, 300)
const large = valueOf(2, 2 * CHUNK_BYTES + 50)
const references = [files.append(KEY, small), files.append(KEY, large)] as const
const intact = bytesOf(vfs, 'blobs/1.blob')
files.close()

/** Reads both values of a changed file: `undefined` for a value that is refused. */
function readBoth(bytes: Uint8Array): (Uint8Array | undefined)[] {
  replace(vfs, 'blobs/1.blob', bytes)
  const opened = BlobFiles.open(vfs, 'blobs')
  const values = references.map((reference) => readOrRefuse(opened, reference))
  opened.close()
  return values
}

function readOrRefuse(opened: BlobFiles, reference: Uint8Array): Uint8Array | undefined {
  try {
    return opened.read(reference)
  } catch (error) {
    const codes = ['LDB_CORRUPTION', 'LDB_FORMAT', 'LDB_UNSUPPORTED']
    if (!isLdbError(error) || !codes.includes(error.code)) throw error
    return undefined
  }
}

/** Reports which values a changed file still has. */
function areRead(bytes: Uint8Array): [boolean, boolean] {
  const [first, second] = readBoth(bytes)
  if (first !== undefined) expect(areEqual(first, small)).toBe(true)
  if (second !== undefined) expect(areEqual(second, large)).toBe(true)
  return [first !== undefined, second !== undefined]
}

test('a changed byte of a value, of a chunk table or of the header is noticed', () => {
  const smallAt = FIRST_RECORD_OFFSET + 43
  const largeAt = decodeReference(references[1])?.valueOffset ?? 0
  const tableAt = largeAt + large.length
  const offsets = [
    ...Array.from({ length: 64 }, (_, index) => index),
    ...Array.from({ length: 300 }, (_, index) => smallAt + index),
    ...[0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, 2 * CHUNK_BYTES, large.length - 1].map((at) => largeAt + at),
    ...Array.from({ length: 24 }, (_, index) => tableAt + index),
  ]
  for (const offset of offsets) {
    const changed = intact.slice()
    changed[offset]! ^= 0x10
    const isSmall = offset >= smallAt && offset < smallAt + 300
    const expected = offset < 64 ? [false, false] : [!isSmall, isSmall]
    expect(areRead(changed), `byte ${offset}`).toEqual(expected)
  }
})

test('a file that is cut anywhere has the values that end before the cut', () => {
  for (const length of [0, 10, 24, 63, 64, 100, 107, 406, 407, 500, CHUNK_BYTES, intact.length - 9]) {
    expect(areRead(intact.subarray(0, length)), `${length} bytes`).toEqual([length >= 407, false])
  }
})

test('no change of a reference leads to other bytes', () => {
  replace(vfs, 'blobs/1.blob', intact)
  const opened = BlobFiles.open(vfs, 'blobs')
  fc.assert(
    fc.property(fc.nat(31), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const changed = references[0].slice()
      changed[at]! ^= change
      const value = readOrRefuse(opened, changed)
      // The length of the key is not needed for a read: it only counts dead bytes.
      if (value !== undefined) expect([at >= 24 && at < 26, value]).toEqual([true, small])
    }),
    { numRuns: 2000 },
  )
})

test('a decoder of references and records accepts no arbitrary bytes', () => {
  replace(vfs, 'blobs/1.blob', intact)
  const opened = BlobFiles.open(vfs, 'blobs')
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
      expect(readOrRefuse(opened, bytes)).toBeUndefined()
    }),
  )
  fc.assert(
    fc.property(fc.nat(intact.length), (offset) => {
      const record = opened.readRecord(1, offset)
      expect(record === undefined || offset === 64 || offset === 408).toBe(true)
    }),
    { numRuns: 500 },
  )
})
