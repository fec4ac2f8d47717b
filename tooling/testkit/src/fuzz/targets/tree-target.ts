import { BTree } from '@ldb/btree'
import { isLdbError, toSeq, WriteBatch } from '@ldb/base'
import { MemoryVfs } from '@ldb/vfs'
import { readFile, writeFile } from '../../corruption/directory-image.js'
import { assertGuarantee } from '../../base/violation.js'
import type { FuzzTarget } from './fuzz-target.js'
import { repairTree } from '../repair/tree-repair.js'

const PATH = 'tree'
const PAGE_BYTES = 512
const META_REGION = 12_288
/** More entries than a file of the maximum length can contain. */
const ENTRIES_MAX = 100_000

/** A B+tree file: meta blocks, tree pages, overflow extents, free space; it is scanned, verified, written and checkpointed. */
export const treeTarget: FuzzTarget = {
  name: 'tree',
  samples: () => [sampleTree(1), sampleTree(25), sampleTree(70)],
  bytesMax: 28_672,
  codes: ['LDB_CORRUPTION', 'LDB_FORMAT', 'LDB_UNSUPPORTED', 'LDB_POISONED'],
  inputsPerCase: 800,
  run(input) {
    const vfs = new MemoryVfs()
    writeFile(vfs, PATH, input)
    const tree = BTree.open(vfs, PATH, { cacheBytes: 65_536, create: false })
    try {
      useTree(tree)
    } finally {
      tree.close()
    }
  },
  repair: repairTree,
  mutate(input, random) {
    const pages = Math.floor((input.length - META_REGION) / PAGE_BYTES)
    const page = META_REGION + random.below(pages) * PAGE_BYTES
    // Target a field of a meta block, of a page header, a slot or a record.
    const at = random.pick([
      24 + random.below(160) + random.pick([0, 4096, 8192]),
      page + random.below(32),
      page + 32 + random.below(64),
      page + random.below(PAGE_BYTES),
    ])
    if (at < input.length)
      input[at] = random.chance(0.5) ? random.below(256) : (input[at] ?? 0) ^ (1 << random.below(8))
  },
}

function useTree(tree: BTree): void {
  let findingCount = 0
  tree.verify({ finding: () => findingCount++, progress: () => undefined })
  const snapshot = tree.snapshot()
  try {
    const cursor = snapshot.cursor({ lower: undefined, upper: undefined })
    let count = 0
    for (let found = cursor.first(); found; found = cursor.next()) {
      count++
      assertGuarantee(
        cursor.key.length + cursor.value.length < 2 ** 26,
        () => 'an entry is longer than its file',
      )
      assertGuarantee(count < ENTRIES_MAX, () => 'a scan does not end')
    }
    for (let found = cursor.last(); found; found = cursor.previous()) {
      count--
      assertGuarantee(count > -ENTRIES_MAX, () => 'a reverse scan does not end')
    }
  } finally {
    snapshot.release()
  }
  try {
    writeTo(tree)
  } catch (error) {
    // A forged file may free a page twice, which reads need not detect. It must do no harm, and `verify` must report it.
    if (findingCount === 0 || !isLdbError(error, 'LDB_INVARIANT')) throw error
  }
}

function writeTo(tree: BTree): void {
  const batch = new WriteBatch()
  batch.put(1, bytesOfText('key 3'), new Uint8Array(700).fill(7))
  batch.deleteRange(1, bytesOfText('key 4'), bytesOfText('key 6'))
  const seq = toSeq(tree.seq + 1)
  for (const section of batch.sections()) tree.apply(section, seq)
  tree.compact()
}

function sampleTree(count: number): Uint8Array {
  const vfs = new MemoryVfs()
  const tree = BTree.open(vfs, PATH, { cacheBytes: 65_536, pageBytes: PAGE_BYTES, create: true })
  for (let seq = 1; seq <= 2; seq++) {
    const batch = new WriteBatch()
    for (let index = 0; index < count; index++) {
      const key = `key ${index}${index % 12 === 5 ? '.'.repeat(90) : ''}`
      batch.put(1, bytesOfText(key), new Uint8Array(index % 9 === 4 ? 400 : 20).fill(seq))
    }
    if (seq === 2) batch.deleteRange(1, bytesOfText('key 2'), bytesOfText('key 25'))
    for (const section of batch.sections()) tree.apply(section, toSeq(seq))
    tree.checkpoint()
  }
  tree.close()
  return readFile(vfs, PATH)
}

function bytesOfText(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0))
}
