// Strategy: forge files with invalid fields and valid checksums, as an attacker would.
// Invariants: they are LDB_CORRUPTION, before memory is allocated from their fields and before a page is changed.
import { isLdbError, readU16, readU32, toSeq, WriteBatch, writeU16, writeU32, writeU64 } from '@ldb/base'
import { SEED_ZERO, seedOfFile, xxHash64 } from '@ldb/integrity'
import { MemoryVfs } from '@ldb/vfs'
import { describe, expect, test } from 'vitest'
import { BTree } from '../src/btree.js'
import {
  firstPageNumber,
  META_BLOCK_BYTES,
  META_BLOCK_CHECKSUM_OFFSET,
  META_BLOCK_FILE_ID_OFFSET,
  META_BLOCK_PAGE_COUNT_OFFSET,
  META_BLOCK_ROOT_CHECKSUM_OFFSET,
  META_BLOCK_ROOT_PAGE_OFFSET,
  META_COPY_POSITION,
  META_STRIDE,
  PAGE_HEADER_BYTES,
  PAGE_HEADER_EPOCH_OFFSET,
  PAGE_HEADER_PAGE_NUMBER_OFFSET,
  SLOT_RECORD_OFFSET_OFFSET,
  VALUE_IS_ENCODED,
} from '../src/format.js'
import { findingsOf, keyOf } from './tree-harness.js'

const PAGE_BYTES = 512
const PATH = 'tree'

/** Creates a tree of one leaf at its second checkpoint. Applies `change` to its newest meta block and its root, with valid checksums. */
function forge(change: (meta: Uint8Array, root: Uint8Array) => void): MemoryVfs {
  const vfs = new MemoryVfs()
  const tree = BTree.open(vfs, PATH, { pageBytes: PAGE_BYTES })
  tree.apply(sectionOf('a'), toSeq(1))
  tree.checkpoint()
  tree.close()
  const file = vfs.open(PATH, 'write')
  const meta = new Uint8Array(META_BLOCK_BYTES)
  const root = new Uint8Array(PAGE_BYTES)
  file.read(meta, 0, meta.length, 0)
  const rootOffset = readU32(meta, META_BLOCK_ROOT_PAGE_OFFSET) * PAGE_BYTES
  file.read(root, 0, root.length, rootOffset)
  change(meta, root)
  const seed = seedOfFile(meta.subarray(META_BLOCK_FILE_ID_OFFSET, META_BLOCK_FILE_ID_OFFSET + 16))
  putHash(root, 0, hashOf(root, 8, PAGE_BYTES, seed))
  meta.set(root.subarray(0, 8), META_BLOCK_ROOT_CHECKSUM_OFFSET)
  putHash(meta, META_BLOCK_CHECKSUM_OFFSET, hashOf(meta, 0, META_BLOCK_CHECKSUM_OFFSET, SEED_ZERO))
  file.write(meta, 0, meta.length, 0)
  for (const position of [META_STRIDE, META_COPY_POSITION]) {
    file.write(new Uint8Array(META_BLOCK_BYTES), 0, META_BLOCK_BYTES, position)
  }
  file.write(root, 0, root.length, readU32(meta, META_BLOCK_ROOT_PAGE_OFFSET) * PAGE_BYTES)
  file.close()
  return vfs
}

function hashOf(bytes: Uint8Array, start: number, end: number, seed: typeof SEED_ZERO): Int32Array {
  const hash = new Int32Array(2)
  xxHash64(bytes, start, end, seed, hash)
  return hash
}

function putHash(bytes: Uint8Array, at: number, hash: Int32Array): void {
  bytes.set(new Uint8Array(hash.buffer), at)
}

function sectionOf(key: string): Parameters<BTree['apply']>[0] {
  const batch = new WriteBatch()
  batch.put(1, keyOf(key), keyOf('value'))
  const [section] = batch.sections()
  if (section === undefined) throw new Error('a batch has a section')
  return section
}

function codeOf(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    return isLdbError(error) ? error.code : String(error)
  }
  return 'none'
}

describe('a forged file', () => {
  test('without a change is valid', () => {
    const tree = BTree.open(
      forge(() => undefined),
      PATH,
      { create: false },
    )
    expect(tree.get(keyOf('a'))).toEqual(keyOf('value'))
    expect(findingsOf(tree)).toEqual([])
    tree.close()
  })

  test('with more pages than bytes is refused before memory is allocated for them', () => {
    const vfs = forge((meta) => {
      writeU32(meta, META_BLOCK_PAGE_COUNT_OFFSET, 0x51_00_00_2c)
    })
    expect(codeOf(() => BTree.open(vfs, PATH, { create: false }))).toBe('LDB_CORRUPTION')
  })

  test('with a page of a later epoch is corrupt for reads and for verify', () => {
    const vfs = forge((_meta, root) => {
      writeU64(root, PAGE_HEADER_EPOCH_OFFSET, 2 ** 40)
    })
    const tree = BTree.open(vfs, PATH, { create: false })
    expect(findingsOf(tree).map(({ message }) => message)).toEqual([
      'the epoch of a page is later than the current epoch',
    ])
    expect(codeOf(() => tree.get(keyOf('a')))).toBe('LDB_CORRUPTION')
    expect(
      codeOf(() => {
        tree.apply(sectionOf('b'), toSeq(2))
      }),
    ).toBe('LDB_CORRUPTION')
    tree.close()
  })

  test('with an encoded value, which its header does not announce, is corrupt for reads and for verify', () => {
    const vfs = forge((_meta, root) => {
      const record = readU16(root, PAGE_HEADER_BYTES + SLOT_RECORD_OFFSET_OFFSET)
      writeU16(root, record, readU16(root, record) | VALUE_IS_ENCODED)
    })
    const tree = BTree.open(vfs, PATH, { create: false })
    const [finding] = findingsOf(tree)
    expect(finding?.message).toContain('a value names a dictionary that the file does not have')
    expect(codeOf(() => tree.get(keyOf('a')))).toBe('LDB_CORRUPTION')
    tree.close()
  })

  test('with its root on a free page is corrupt: the page would be overwritten', () => {
    const vfs = forge((meta, root) => {
      // The root of the first checkpoint, which the second one has freed.
      const free = firstPageNumber(PAGE_BYTES)
      writeU32(meta, META_BLOCK_ROOT_PAGE_OFFSET, free)
      writeU32(root, PAGE_HEADER_PAGE_NUMBER_OFFSET, free)
    })
    const tree = BTree.open(vfs, PATH, { create: false })
    expect(findingsOf(tree).map(({ message }) => message)).toContain('page 24 is in use and free at once')
    expect(codeOf(() => tree.get(keyOf('a')))).toBe('LDB_CORRUPTION')
    expect(
      codeOf(() => {
        tree.apply(sectionOf('b'), toSeq(2))
      }),
    ).toBe('LDB_CORRUPTION')
    tree.close()
  })
})
