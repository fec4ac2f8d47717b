import { isLdbError } from '@ldb/base'
import { encodeFileHeader } from '@ldb/integrity'
import { MemoryVfs } from '@ldb/vfs'
import type { VfsFile } from '@ldb/vfs'
import { describe, expect, test } from 'vitest'
import { EXAMPLE_META as META, storedMeta } from '../../test/meta-examples.js'
import { FILE_KIND, META_COPY_BLOCK, META_STRIDE, SPARE_BLOCK } from '../format.js'
import { plainCodec } from './file-codec.js'
import { findMeta, readMeta } from './meta-blocks.js'

function codeOf(part: () => unknown): string {
  try {
    part()
  } catch (error) {
    return isLdbError(error) ? error.code : String(error)
  }
  return 'nothing thrown'
}

/** A file with the given bytes at the positions A, B, the spare and the copy. */
function fileOf(
  a: Uint8Array,
  b: Uint8Array,
  spare: Uint8Array = new Uint8Array(0),
  copy: Uint8Array = new Uint8Array(0),
): VfsFile {
  const file = new MemoryVfs().open('/tree.ldb', 'create')
  file.write(a, 0, a.length, 0)
  file.write(b, 0, b.length, META_STRIDE)
  file.write(spare, 0, spare.length, SPARE_BLOCK * META_STRIDE)
  file.write(copy, 0, copy.length, META_COPY_BLOCK * META_STRIDE)
  return file
}

const older = storedMeta({ ...META, checkpoint: 5, durableSeq: 4 })
const newer = storedMeta(META)

describe('the newest valid block is chosen', () => {
  test('whichever position it has', () => {
    expect(readMeta(fileOf(newer, older)).checkpoint).toBe(6)
    expect(readMeta(fileOf(storedMeta({ ...META, checkpoint: 4 }), older)).checkpoint).toBe(5)
  })

  test('when any bit of the newer one is flipped: the older one', () => {
    for (let bit = 0; bit < 4096; bit += 1) {
      const damaged = newer.slice()
      damaged[bit >> 3]! ^= 1 << (bit & 7)
      expect(readMeta(fileOf(damaged, older)).checkpoint).toBe(5)
    }
  })

  test('when the file ends within its meta blocks: the complete one, or a typed error', () => {
    for (let length = 0; length < META_STRIDE + 512; length += length > 512 && length < 4090 ? 97 : 1) {
      const file = fileOf(newer, older)
      file.truncate(length)
      if (length >= 512) expect(readMeta(file).checkpoint).toBe(6)
      else expect(codeOf(() => readMeta(file))).toBe('LDB_CORRUPTION')
    }
  })

  test('from the spare position when only that copy is valid', () => {
    const spare = storedMeta(META, SPARE_BLOCK)
    const torn = newer.slice().fill(0, 100, 200)
    expect(findMeta(fileOf(newer, older)).blocks).toEqual([0])
    expect(findMeta(fileOf(newer, older, spare)).blocks).toEqual([0, 2])
    expect(findMeta(fileOf(torn, older, spare))).toMatchObject({ meta: META, blocks: [2] })
    expect(findMeta(fileOf(newer, older, storedMeta({ ...META, checkpoint: 3 }, 2))).blocks).toEqual([0])
  })
})

describe('the copy is chosen', () => {
  const copy = storedMeta(META, META_COPY_BLOCK)
  const damaged = newer.slice().fill(0, 100, 200)

  test('when it is newer than every other valid block, or the only valid one', () => {
    const none = older.slice().fill(0, 100, 200)
    expect(findMeta(fileOf(newer, older, undefined, copy)).blocks).toEqual([0, META_COPY_BLOCK])
    for (const second of [older, none, new Uint8Array(512)]) {
      const found = findMeta(fileOf(damaged, second, undefined, copy))
      expect(found).toMatchObject({ meta: META, blocks: [META_COPY_BLOCK] })
      expect(found.fault?.details.offset).toBe(0)
    }
    const zeros = new Uint8Array(512)
    expect(findMeta(fileOf(zeros, zeros, zeros, copy))).toMatchObject({ blocks: [META_COPY_BLOCK] })
  })

  test('never when it is older, torn, that of another position or of another file', () => {
    const stale = storedMeta({ ...META, checkpoint: 5, durableSeq: 4 }, META_COPY_BLOCK)
    expect(findMeta(fileOf(newer, older, undefined, stale))).toMatchObject({ meta: META, blocks: [0] })
    for (let bit = 0; bit < 4096; bit += 1) {
      const torn = copy.slice()
      torn[bit >> 3]! ^= 1 << (bit & 7)
      expect(readMeta(fileOf(damaged, older, undefined, torn)).checkpoint).toBe(5)
    }
    expect(readMeta(fileOf(damaged, older, undefined, newer)).checkpoint).toBe(5)
    const foreign = storedMeta({ ...META, fileId: new Uint8Array(16) }, META_COPY_BLOCK)
    expect(codeOf(() => readMeta(fileOf(damaged, older, undefined, foreign)))).toBe('LDB_CORRUPTION')
    const different = storedMeta({ ...META, entryCount: 7 }, META_COPY_BLOCK)
    expect(codeOf(() => readMeta(fileOf(newer, older, undefined, different)))).toBe('LDB_CORRUPTION')
  })
})

describe('files without a valid block, or with contradictory blocks', () => {
  test('damaged blocks are LDB_CORRUPTION, foreign bytes LDB_FORMAT', () => {
    const damaged = [newer, older].map((block) => block.slice().fill(0, 40, 80)) as [Uint8Array, Uint8Array]
    expect(codeOf(() => readMeta(fileOf(...damaged)))).toBe('LDB_CORRUPTION')
    const foreign = new Uint8Array(512).fill(0x41)
    expect(codeOf(() => readMeta(fileOf(foreign, foreign)))).toBe('LDB_FORMAT')
  })

  test.each([0, 0x41])(
    'blocks full of bytes 0x%i are LDB_CORRUPTION in a file that the owner knows as a tree',
    (byte) => {
      const overwritten = new Uint8Array(512).fill(byte)
      const file = fileOf(overwritten, overwritten, overwritten)
      expect(codeOf(() => findMeta(file))).toBe('LDB_FORMAT')
      expect(codeOf(() => findMeta(file, plainCodec, true))).toBe('LDB_CORRUPTION')
    },
  )

  test('blocks of different files are LDB_CORRUPTION', () => {
    const other = storedMeta({ ...META, checkpoint: 5, fileId: new Uint8Array(16) })
    expect(codeOf(() => readMeta(fileOf(newer, other)))).toBe('LDB_CORRUPTION')
  })

  test('two different blocks of the newest checkpoint are LDB_CORRUPTION', () => {
    const spare = storedMeta({ ...META, entryCount: 7 }, SPARE_BLOCK)
    expect(codeOf(() => readMeta(fileOf(newer, older, spare)))).toBe('LDB_CORRUPTION')
  })
})

test.each([
  ['a newer version', { format: 5, minimumReader: 5, flags: 0 }, 'LDB_FORMAT'],
  ['an unsupported flag', { format: 4, minimumReader: 4, flags: 1 }, 'LDB_UNSUPPORTED'],
])('one block of %s refuses the file, whatever the other blocks hold', (_, header, code) => {
  const future = newer.slice()
  future.set(encodeFileHeader({ kind: FILE_KIND, ...header }))
  for (const isKnownTree of [false, true]) {
    expect(codeOf(() => findMeta(fileOf(future, older), plainCodec, isKnownTree))).toBe(code)
  }
})
