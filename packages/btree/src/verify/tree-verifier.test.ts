import { seedOfFile, xxHash64 } from '@ldb/integrity'
import { MemoryVfs } from '@ldb/vfs'
import { describe, expect, test } from 'vitest'
import { contentOf } from '../../test/golden.js'
import { storedMeta } from '../../test/meta-examples.js'
import { findingsOf, TreeHarness } from '../../test/tree-harness.js'
import { META_COPY_BLOCK, META_STRIDE, PAGE_HEADER_BYTES } from '../format.js'
import { blockOf } from '../file/meta.js'
import type { Meta } from '../file/meta.js'
import { readMeta } from '../file/meta-blocks.js'

const PAGE_BYTES = 1024
const SHORT = `${'a'.repeat(126)}b`
const LONG = 'a'.repeat(140)

/**
 * Makes a tree of one leaf, lets `change` forge its page and its meta block, corrects the checksums, and returns the findings of
 * `verify`.
 */
function findingsAfter(
  keys: readonly string[],
  change: (page: Uint8Array, meta: Meta) => Partial<Meta>,
): string[] {
  const vfs = new MemoryVfs()
  const harness = new TreeHarness({ vfs, pageBytes: PAGE_BYTES })
  for (const key of keys) harness.put(key, 'value')
  harness.tree.checkpoint()
  const file = vfs.open(harness.path, 'write')
  const meta = readMeta(file)
  const start = meta.rootPage * PAGE_BYTES
  const page = contentOf(vfs, harness.path).slice(start, start + PAGE_BYTES)
  const forged = change(page, meta)
  const hash = new Int32Array(2)
  xxHash64(page, 8, PAGE_BYTES, seedOfFile(meta.fileId), hash)
  page.set(new Uint8Array(hash.buffer))
  const [low, high] = hash as unknown as [number, number]
  const forgedMeta = { ...meta, rootChecksumLow: low, rootChecksumHigh: high, ...forged }
  file.write(page, 0, PAGE_BYTES, start)
  for (const block of [blockOf(meta.checkpoint), META_COPY_BLOCK]) {
    const bytes = storedMeta(forgedMeta, block)
    file.write(bytes, 0, bytes.length, block * META_STRIDE)
  }
  file.truncate((forged.pageCount ?? meta.pageCount) * PAGE_BYTES)
  harness.reopen()
  return findingsOf(harness.tree).map(({ kind, message }) => `${kind}: ${message}`)
}

/** Exchanges the first two slots. */
function swapSlots(page: Uint8Array): Partial<Meta> {
  const first = page.slice(PAGE_HEADER_BYTES, PAGE_HEADER_BYTES + 8)
  page.copyWithin(PAGE_HEADER_BYTES, PAGE_HEADER_BYTES + 8, PAGE_HEADER_BYTES + 16)
  page.set(first, PAGE_HEADER_BYTES + 8)
  return {}
}

test('a valid file has no findings', () => {
  expect(findingsAfter([SHORT, LONG], () => ({}))).toEqual([])
})

describe('faults that no checksum detects are found', () => {
  test.each([
    ['a short key before a long one', [SHORT, LONG]],
    ['a long key before a short one', [LONG, 'a'.repeat(127)]],
    ['two long keys', [LONG, `${LONG}b`]],
  ])('keys whose order only their extents show: %s', (_, keys) => {
    expect(findingsAfter(keys, swapSlots)).toEqual(['order: the keys are not in order'])
  })

  test('short keys out of order', () => {
    expect(findingsAfter(['a', 'b'], swapSlots)).toEqual(['structure: the keys are not in order'])
  })

  test('wrong counts of entries and extents', () => {
    expect(findingsAfter(['a', 'b'], () => ({ entryCount: 3 }))).toEqual([
      'count: the tree has 2 entries, and counts 3',
    ])
    expect(findingsAfter(['a', LONG], () => ({ extentCount: 4 }))).toEqual([
      'count: the tree has 1 extents, and counts 4',
    ])
  })

  test('pages that are neither in use nor free', () => {
    const found = findingsAfter(['a', 'b'], (_, { pageCount }) => ({ pageCount: pageCount + 1 }))
    expect(found).toHaveLength(1)
    expect(found[0]).toMatch(/^leak: page \d+ is neither in use nor free$/)
  })
})
