// Strategy: a tree is written through a toy cipher, closed, opened again, damaged and rearranged.
// Invariants: it behaves as a plain tree; every kind of unit passes through the cipher; the file holds no plaintext; a page
// at another position is refused; without the key the file is refused, and not damaged.
import { isLdbError } from '@ldb/base'
import { UnitKind } from '@ldb/integrity'
import { MemoryVfs } from '@ldb/vfs'
import { expect, test } from 'vitest'
import { BTree } from '../src/btree.js'
import type { BTreeOptions } from '../src/file/options.js'
import { firstPageNumber } from '../src/format.js'
import { contentOf } from './golden.js'
import { ToyCipher } from './toy-cipher.js'
import { entriesOf, findingsOf, TreeHarness } from './tree-harness.js'

const PAGE_BYTES = 512
const MARK = 'plaintext-mark'

function optionsWith(cipher: ToyCipher): BTreeOptions {
  return { pageBytes: PAGE_BYTES, cacheBytes: 64 * PAGE_BYTES, createCipher: () => cipher }
}

/** Fills a new encrypted tree, with values and keys in extents, and closes it after two checkpoints. */
function build(): { vfs: MemoryVfs; harness: TreeHarness; cipher: ToyCipher } {
  const vfs = new MemoryVfs()
  const cipher = new ToyCipher()
  const harness = new TreeHarness({ vfs, treeOptions: optionsWith(cipher) })
  for (let round = 0; round < 2; round += 1) {
    for (let index = round; index < 400; index += round + 1) {
      const isLong = index % 25 === 0
      harness.put(
        `${MARK} ${index}${isLong ? 'k'.repeat(100) : ''}`,
        `${MARK} value `.repeat(isLong ? 60 : 2),
      )
    }
    harness.deleteRange(`${MARK} 30`, `${MARK} 35`)
    harness.tree.checkpoint()
  }
  harness.tree.close()
  return { vfs, harness, cipher }
}

function codeOf(part: () => unknown): string {
  try {
    part()
  } catch (error) {
    return isLdbError(error) ? error.code : String(error)
  }
  return 'nothing thrown'
}

test('an encrypted tree is read as it was written, after evictions, checkpoints and a shrink', () => {
  const { vfs, harness, cipher } = build()
  harness.tree = BTree.open(vfs, harness.path, optionsWith(cipher))
  expect(harness.actual()).toEqual(harness.expected())
  expect(findingsOf(harness.tree)).toEqual([])
  harness.put('large', 'x'.repeat(100_000))
  harness.tree.compact()
  harness.reopen()
  expect(harness.actual()).toEqual(harness.expected())
  expect(findingsOf(harness.tree)).toEqual([])
})

test('every kind of unit passes through the cipher, both ways', () => {
  const { vfs, harness, cipher } = build()
  const tree = BTree.open(vfs, harness.path, optionsWith(cipher))
  findingsOf(tree)
  const kinds = [UnitKind.MetaBlock, UnitKind.Page, UnitKind.OverflowExtent, UnitKind.FreeSpacePage]
  for (const kind of kinds) {
    expect([kind, cipher.encrypted.get(kind)]).toEqual([kind, expect.any(Number)])
    expect([kind, cipher.decrypted.get(kind)]).toEqual([kind, expect.any(Number)])
  }
  tree.close()
})

test('a resident page is not decrypted again', () => {
  const { vfs, harness, cipher } = build()
  const tree = BTree.open(vfs, harness.path, { ...optionsWith(cipher), cacheBytes: 2 ** 20 })
  const key = Uint8Array.from(`${MARK} 1`, (character) => character.charCodeAt(0))
  expect(tree.get(key)).toBeDefined()
  const before = cipher.decrypted.get(UnitKind.Page)
  for (let count = 0; count < 10; count += 1) expect(tree.get(key)).toBeDefined()
  expect(cipher.decrypted.get(UnitKind.Page)).toBe(before)
  tree.close()
})

test('the file holds no plaintext', () => {
  const { vfs, harness } = build()
  const content = Buffer.from(contentOf(vfs, harness.path))
  expect(content.includes(MARK.slice(0, 6))).toBe(false)
  expect(content.includes('kkkk')).toBe(false)
  const plain = new TreeHarness({ pageBytes: PAGE_BYTES })
  plain.put(MARK, MARK)
  plain.tree.checkpoint()
  expect(Buffer.from(contentOf(plain.vfs as MemoryVfs, plain.path)).includes(MARK)).toBe(true)
})

test('a page that was moved to another position is refused', () => {
  const { vfs, harness, cipher } = build()
  const content = contentOf(vfs, harness.path)
  const file = vfs.open(harness.path, 'write')
  let refusedCount = 0
  for (let page = firstPageNumber(PAGE_BYTES); page + 1 < content.length / PAGE_BYTES; page += 1) {
    const start = page * PAGE_BYTES
    file.write(content, start + PAGE_BYTES, PAGE_BYTES, start)
    const tree = BTree.open(vfs, harness.path, { ...optionsWith(cipher), rewriteMeta: 'write' })
    const findings = findingsOf(tree)
    let entries = 'LDB_CORRUPTION'
    const code = codeOf(() => {
      entries = JSON.stringify(entriesOf(tree.snapshot()))
    })
    expect(['nothing thrown', 'LDB_CORRUPTION']).toContain(code)
    if (code === 'nothing thrown') expect(entries).toBe(JSON.stringify(harness.expected()))
    else expect(findings).not.toEqual([])
    if (findings.length > 0) refusedCount += 1
    tree.close()
    file.write(content, start, PAGE_BYTES, start)
  }
  expect(refusedCount).toBeGreaterThan(30)
})

test('without a key the file is LDB_UNSUPPORTED; a plain file is LDB_FORMAT with a key', () => {
  const { vfs, harness } = build()
  const before = contentOf(vfs, harness.path)
  expect(codeOf(() => BTree.open(vfs, harness.path))).toBe('LDB_UNSUPPORTED')
  expect(contentOf(vfs, harness.path)).toEqual(before)
  const plain = new TreeHarness({ pageBytes: PAGE_BYTES })
  plain.tree.close()
  expect(codeOf(() => BTree.open(plain.vfs, plain.path, optionsWith(new ToyCipher())))).toBe('LDB_FORMAT')
})

test('a cipher with a trailer is LDB_UNSUPPORTED, and leaves no file', () => {
  const vfs = new MemoryVfs()
  const cipher = Object.assign(new ToyCipher(), { trailerBytes: 40 })
  expect(codeOf(() => BTree.open(vfs, '/tree.ldb', optionsWith(cipher)))).toBe('LDB_UNSUPPORTED')
  expect(vfs.status('/tree.ldb')).toBeUndefined()
})
