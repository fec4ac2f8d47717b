// Strategy: a tree is written through a toy cipher, closed, opened again, damaged and rearranged.
// Invariants: it behaves as a plain tree; every kind of unit passes through the cipher; the file holds no plaintext; a page
// at another position is refused; without the key the file is refused, and not damaged.
import { isLdbError } from '@ldb/base'
import { DataKeys, UnitKind } from '@ldb/integrity'
import { MemoryVfs, SeededRandom } from '@ldb/vfs'
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

/** The encryption of LDB, which has a trailer. */
function xaesOptions(key = 1): BTreeOptions {
  const keys = new DataKeys(new Uint8Array(16).fill(5), new SeededRandom(7))
  keys.add(1, new Uint8Array(32).fill(key))
  keys.use(1)
  return {
    pageBytes: PAGE_BYTES,
    cacheBytes: 64 * PAGE_BYTES,
    createCipher: (fileId) => keys.cipherOf('tree', fileId),
  }
}

test('pages, extents and free space end before the trailer', () => {
  const harness = new TreeHarness({ vfs: new MemoryVfs(), treeOptions: xaesOptions() })
  // Extents whose content ends 0 to 60 bytes before the end of a page, so that some trailers take a page of their own.
  for (let index = 0; index < 60; index += 1) harness.put(`long ${index}`, 'v'.repeat(932 + index))
  for (let index = 0; index < 3000; index += 1) harness.put(`key ${index}`, `value ${index % 97}`)
  harness.tree.checkpoint()
  harness.deleteRange('key 1', 'key 7')
  harness.tree.checkpoint()
  harness.tree.compact()
  expect(findingsOf(harness.tree)).toEqual([])
  harness.tree.close()
  harness.tree = BTree.open(harness.vfs, harness.path, xaesOptions())
  expect(harness.actual()).toEqual(harness.expected())
  expect(findingsOf(harness.tree)).toEqual([])
  harness.tree.close()
  expect(codeOf(() => BTree.open(harness.vfs, harness.path, xaesOptions(2)))).toBe('LDB_CORRUPTION')
})

test('a tree whose file the first write creates keeps the root that was read before', () => {
  const vfs = new MemoryVfs()
  const identity = { fileId: new Uint8Array(16).fill(3), pageBytes: PAGE_BYTES }
  const options: BTreeOptions = { ...xaesOptions(), identity, creation: 'write', rewriteMeta: 'write' }
  const harness = new TreeHarness({ vfs, treeOptions: options })
  expect(harness.actual()).toEqual([])
  // An extent is written at once, and creates the file.
  harness.put('long', 'v'.repeat(2000))
  harness.put('short', 'v')
  expect(harness.actual()).toEqual(harness.expected())
  harness.tree.checkpoint()
  expect(findingsOf(harness.tree)).toEqual([])
  harness.tree.close()
})

test('the blocks that a rewrite of the meta block has written are equal but for their nonces', () => {
  const harness = new TreeHarness({ vfs: new MemoryVfs(), treeOptions: xaesOptions() })
  for (let round = 0; round < 3; round += 1) {
    harness.put(`key ${round}`, 'v'.repeat(50))
    harness.tree.checkpoint()
    harness.tree.close()
    // Writes the spare block, and the own one again.
    harness.tree = BTree.open(harness.vfs, harness.path, { ...xaesOptions(), rewriteMeta: 'open' })
    expect(harness.actual()).toEqual(harness.expected())
  }
  harness.tree.close()
})

test('every flipped byte of the pages of an encrypted file is found, or has no effect', () => {
  const harness = new TreeHarness({ vfs: new MemoryVfs(), treeOptions: xaesOptions() })
  for (let index = 0; index < 40; index += 1) harness.put(`key ${index}`, 'v'.repeat(index * 7))
  harness.tree.checkpoint()
  harness.tree.close()
  const expected = JSON.stringify(harness.expected())
  const content = contentOf(harness.vfs as MemoryVfs, harness.path)
  const file = harness.vfs.open(harness.path, 'write')
  let foundCount = 0
  for (let at = firstPageNumber(PAGE_BYTES) * PAGE_BYTES; at < content.length; at += 7) {
    file.write(Uint8Array.of(content[at]! ^ 0x40), 0, 1, at)
    const code = codeOf(() => {
      const tree = BTree.open(harness.vfs, harness.path, { ...xaesOptions(), rewriteMeta: 'write' })
      try {
        expect(JSON.stringify(entriesOf(tree.snapshot()))).toBe(expected)
      } finally {
        tree.close()
      }
    })
    expect(['nothing thrown', 'LDB_CORRUPTION', 'LDB_FORMAT']).toContain(code)
    if (code !== 'nothing thrown') foundCount += 1
    file.write(content, at, 1, at)
  }
  expect(foundCount).toBeGreaterThan(100)
})

test('a verification of a page with long values takes a step for each few of them', () => {
  const { vfs, harness, cipher } = build()
  harness.tree = BTree.open(vfs, harness.path, optionsWith(cipher))
  const stepsOf = (): number =>
    [...harness.tree.verifySteps({ finding: () => undefined, progress: () => undefined })].length
  const before = stepsOf()
  // 12 values of 4,000 bytes in extents, whose references fill few pages.
  for (let index = 0; index < 12; index += 1) harness.put(`${MARK} 7 ${index}`, 'v'.repeat(4000))
  harness.tree.checkpoint()
  const after = stepsOf()
  expect(findingsOf(harness.tree)).toEqual([])
  expect(after - before).toBeGreaterThanOrEqual(12)
  harness.tree.close()
})
