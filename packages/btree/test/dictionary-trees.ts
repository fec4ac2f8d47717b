import { isLdbError, readU32 } from '@ldb/base'
import { MemoryVfs } from '@ldb/vfs'
import { expect } from 'vitest'
import type { BTreeOptions } from '../src/file/options.js'
import { META_BLOCK_DICTIONARIES_OFFSET, META_STRIDE, OVERFLOW_EXTENT_BYTES } from '../src/format.js'
import { recordOf } from './records.js'
import { findingsOf, TreeHarness } from './tree-harness.js'

/** Page size of the trees. */
export const PAGE_BYTES = 1024
/** Options of a tree with dictionaries. */
export const OPTIONS: BTreeOptions = { pageBytes: PAGE_BYTES, cacheBytes: 64 * PAGE_BYTES, dictionary: true }

/** Returns the key of a record. */
export function nameOf(index: number): string {
  return `user:${String(index).padStart(6, '0')}`
}

/** A tree with `count` records, all but the first samples encoded, and a checkpoint. */
export function filled(count: number, options: BTreeOptions = OPTIONS, vfs = new MemoryVfs()): TreeHarness {
  const harness = new TreeHarness({ vfs, treeOptions: options })
  for (let index = 0; index < count; index += 1) harness.put(nameOf(index), recordOf(index))
  harness.tree.checkpoint()
  return harness
}

/** Compares a tree with its model, and verifies it. */
export function expectIntact(harness: TreeHarness): void {
  expect(harness.actual()).toEqual(harness.expected())
  expect(findingsOf(harness.tree)).toEqual([])
}

/** Start and length of the newest extent of dictionaries in a file. */
export function extentOf(image: Uint8Array): { start: number; content: Uint8Array } {
  const blocks = [0, META_STRIDE].filter(
    (at) => image.length > at && readU32(image, at + META_BLOCK_DICTIONARIES_OFFSET) > 0,
  )
  const newest = blocks.sort((a, b) => readU32(image, b + 80) - readU32(image, a + 80))[0]!
  const start = readU32(image, newest + META_BLOCK_DICTIONARIES_OFFSET) * PAGE_BYTES
  const byteCount = readU32(image, newest + META_BLOCK_DICTIONARIES_OFFSET + 4)
  const from = start + OVERFLOW_EXTENT_BYTES
  return { start, content: image.subarray(from, from + byteCount) }
}

/** Opens a tree with the content of a file. */
export function open(image: Uint8Array, options: BTreeOptions = OPTIONS): TreeHarness {
  const vfs = new MemoryVfs()
  vfs.open('/tree.ldb', 'createNew').write(image, 0, image.length, 0)
  return new TreeHarness({ vfs, treeOptions: options })
}

/** Returns the code of the error that a call throws. */
export function codeOf(part: () => unknown): string {
  try {
    part()
  } catch (error) {
    return isLdbError(error) ? error.code : String(error)
  }
  return 'nothing thrown'
}
