// The golden tree. tooling/formats reads the same file with a reader that shares no code with the engine, and wrote expected.json.
import { readFileSync } from 'node:fs'
import { MemoryVfs } from '@ldb/vfs'
import { expect, test } from 'vitest'
import { BTree } from '../src/index.js'
import { goldenEntries } from './golden.js'
import { entriesOf } from './tree-harness.js'

interface Expected {
  readonly fileId: string
  readonly pageBytes: number
  readonly durableSeq: number
  readonly depth: number
  readonly entries: number
  readonly pages: Readonly<
    Record<
      'meta' | 'metaCopy' | 'branch' | 'leaf' | 'extent' | 'freeSpace' | 'freeSpaceMirror' | 'free',
      number
    >
  >
}

const root = new URL('fixtures/v4/', import.meta.url)

test('the golden tree has the pages and entries that the independent reader counts', () => {
  const expected = JSON.parse(readFileSync(new URL('expected.json', root), 'utf8')) as Expected
  const bytes = readFileSync(new URL('tree.ldb', root))
  const vfs = new MemoryVfs()
  vfs.open('/tree.ldb', 'createNew').write(bytes, 0, bytes.length, 0)
  const tree = BTree.open(vfs, '/tree.ldb', { create: false, pageBytes: expected.pageBytes })
  const totals = { units: 0, entries: 0 }
  tree.verify({
    finding: (finding) => expect.fail(finding.message),
    progress: ({ units, entries }) => {
      totals.units += units
      totals.entries += entries
    },
  })
  const { pages } = expected
  const reachable = pages.branch + pages.leaf + pages.extent + pages.freeSpace + pages.freeSpaceMirror
  expect(totals).toEqual({ units: reachable, entries: expected.entries })
  expect(tree.stats()).toMatchObject({
    entryCount: expected.entries,
    depth: expected.depth,
    fileBytes: (pages.meta + pages.metaCopy + reachable + pages.free) * expected.pageBytes,
    liveBytes: (pages.meta + pages.metaCopy + reachable) * expected.pageBytes,
  })
  expect(tree.durableSeq).toBe(expected.durableSeq)
  expect(Buffer.from(tree.identity.fileId).toString('hex')).toBe(expected.fileId)
  const snapshot = tree.snapshot()
  expect(entriesOf(snapshot)).toEqual(goldenEntries(1))
  snapshot.release()
  tree.close()
})
