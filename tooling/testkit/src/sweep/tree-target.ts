import { BTree } from '@ldb/btree'
import type { BTreeOptions, TreeCompression } from '@ldb/btree'
import { corruption, toSeq, WriteBatch } from '@ldb/base'
import { PageCache } from '@ldb/cache'
import type { DataKeys } from '@ldb/integrity'
import { MemoryVfs, OverlayVfs } from '@ldb/vfs'
import { bytesOf, textOf } from '../base/byte-text.js'
import { assertGuarantee } from '../base/violation.js'
import { seededRandom } from '../base/test-random.js'
import { readFile } from '../corruption/directory-image.js'
import { treeLayout } from '../corruption/tree-layout.js'
import { MemoryFiles } from './memory-files.js'
import { sweepKeys } from './sweep-keys.js'
import { isRefused, reportedBy } from './sweep-target.js'
import type { SweepTarget, TargetFile } from './sweep-target.js'

const PATH = 'tree'
const PAGE_BYTES = 512
const CACHE_BYTES = 65_536
const FILE_ID_OFFSET = 24
const LAST_SEQ = 2

type Content = ReadonlyMap<string, string>

/** A B+tree of some pages: branches, leaves, extents of keys and values, free-space pages, meta blocks. */
export function treeTarget(seed: number, isEncrypted: boolean, compression: TreeCompression): SweepTarget {
  const keys = isEncrypted ? sweepKeys(seed) : undefined
  const { vfs, older, content } = build(seed, keys, compression)
  const other = build(seed, keys, compression, seed + 1000).vfs
  const options = optionsOf(keys, compression)
  const tree = BTree.open(vfs, PATH, { ...options, rewriteMeta: 'none' })
  const files = new MemoryFiles(vfs)
  return {
    name: `tree, ${compression}${isEncrypted ? ', encrypted' : ''}, seed ${seed}`,
    files: [fileOf(vfs, keys, [older, readFile(other, PATH)])],
    patch: (path, bytes, start) => {
      files.patch(path, bytes, start)
    },
    truncate: (path, length) => {
      files.truncate(path, length)
    },
    verify: () =>
      reportedBy((sink) => {
        tree.verify(sink)
      }),
    read: () =>
      isRefused(() => {
        readAll(vfs, options, content)
      }),
    close: () => {
      tree.close()
      files.close()
    },
  }
}

function fileOf(vfs: MemoryVfs, keys: DataKeys | undefined, foreign: readonly Uint8Array[]): TargetFile {
  const bytes = readFile(vfs, PATH)
  const { parts } = treeLayout(
    bytes,
    keys?.cipherOf('tree', bytes.subarray(FILE_ID_OFFSET, FILE_ID_OFFSET + 16)),
  )
  const live = [...parts].sort((a, b) => a.start - b.start)
  // Extents are found through leaves.
  const groups = ['leaf', 'overflow'].map((kind) => parts.filter((part) => part.kind === kind))
  return {
    path: PATH,
    bytes,
    live,
    units: live.slice(1),
    groups,
    foreign,
    flipStep: keys === undefined ? 4 : 16,
    mustReportCuts: true,
  }
}

function optionsOf(keys: DataKeys | undefined, compression: TreeCompression): BTreeOptions {
  const cache = new PageCache({ bytes: CACHE_BYTES, pageBytes: PAGE_BYTES })
  if (keys === undefined) return { cache, compression }
  return { cache, compression, ...{ createCipher: (fileId: Uint8Array) => keys.cipherOf('tree', fileId) } }
}

/** @param idSeed - of the id of the file, and of what else is random. */
function build(
  seed: number,
  keys: DataKeys | undefined,
  compression: TreeCompression,
  idSeed: number = seed,
): { vfs: MemoryVfs; older: Uint8Array; content: Content } {
  const random = seededRandom(seed)
  const vfs = new MemoryVfs({ seed: idSeed })
  const tree = BTree.open(vfs, PATH, optionsOf(keys, compression))
  const content = new Map<string, string>()
  const apply = (seq: number, change: (batch: WriteBatch) => void): void => {
    const batch = new WriteBatch()
    change(batch)
    for (const section of batch.sections()) tree.apply(section, toSeq(seq))
    tree.checkpoint()
  }
  const put = (batch: WriteBatch, key: string, value: string): void => {
    batch.put(1, bytesOf(key), bytesOf(value))
    content.set(key, value)
  }
  apply(1, (batch) => {
    for (let index = 0; index < 150; index++) {
      const key = `key ${index}${index % 30 === 5 ? '.'.repeat(70 + random.below(30)) : ''}`
      put(batch, key, 'first '.repeat(index % 25 === 4 ? 60 : 6).slice(random.below(6)))
    }
  })
  const older = readFile(vfs, PATH)
  apply(LAST_SEQ, (batch) => {
    for (let index = 0; index < 6; index++) put(batch, `key ${random.below(200)}`, `second ${index}`)
    put(batch, 'long', textOf(random.bytes(300)).repeat(3))
    batch.delete(1, bytesOf('key 7'))
    content.delete('key 7')
  })
  tree.close()
  return { vfs, older, content: new Map([...content].sort(([a], [b]) => (a < b ? -1 : 1))) }
}

function readAll(vfs: MemoryVfs, options: BTreeOptions, content: Content): void {
  const tree = BTree.open(new OverlayVfs(vfs), PATH, { ...options, create: false, rewriteMeta: 'none' })
  const snapshot = tree.snapshot()
  try {
    // Without the newest meta block, a tree opens at the checkpoint before. Its owner, who knows the newest one from its log, refuses that.
    if (tree.seq < LAST_SEQ) throw corruption(PATH, 0, 'the newest checkpoint is lost')
    const expected = [...content]
    let index = 0
    const cursor = snapshot.cursor({ lower: undefined, upper: undefined })
    for (let found = cursor.first(); found; found = cursor.next()) {
      const [key, value] = expected[index++] ?? []
      assertGuarantee(textOf(cursor.key) === key, () => `a scan returns another key than ${String(key)}`)
      assertGuarantee(textOf(cursor.value) === value, () => `a scan returns another value of ${String(key)}`)
    }
    assertGuarantee(index === expected.length, () => `a scan returns ${index} entries of ${expected.length}`)
  } finally {
    snapshot.release()
    tree.close()
  }
}
