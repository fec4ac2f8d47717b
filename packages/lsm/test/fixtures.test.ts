// The golden stores. tooling/formats reads the same files with a reader that shares no code with the engine, and wrote expected.json.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { isLdbError } from '@ldb/base'
import { MemoryVfs } from '@ldb/vfs'
import { expect, test } from 'vitest'
import { LsmTree } from '../src/index.js'
import { GOLDEN, writeGolden } from './golden.js'
import { contentOf, sorted, verified, writeFile } from './lsm-harness.js'

const root = new URL('fixtures/v2/', import.meta.url)
const NAMES = Object.keys(GOLDEN) as (keyof typeof GOLDEN)[]
/** Compressed with LZ4 and deflate. What deflate writes depends on the release of zlib, so that these files are only read. */
const adaptive = new URL('adaptive/', root)

function folderOf(name: string): URL {
  return new URL(`${name}/`, root)
}

function writeFiles(target: URL, files: ReadonlyMap<string, Uint8Array>): void {
  mkdirSync(target, { recursive: true })
  for (const [name, bytes] of files) writeFileSync(new URL(name, target), bytes)
}

function openFixture(source: URL): LsmTree {
  const vfs = new MemoryVfs()
  vfs.makeDirectory('store')
  for (const name of readdirSync(source)) writeFile(vfs, `store/${name}`, readFileSync(new URL(name, source)))
  return LsmTree.open(vfs, 'store', { rewriteManifest: 'write' })
}

test.each(NAMES)('the golden %s is what the present code writes', (golden) => {
  const folder = folderOf(golden)
  const { files } = writeGolden(golden)
  // A new format gets a new folder; the files of an old one are never written again.
  if (process.env['LDB_GOLDEN'] === 'write') {
    writeFiles(folder, files)
    writeFiles(adaptive, writeGolden('store', 'adaptive').files)
  }
  expect([...files.keys()]).toEqual(readdirSync(folder).sort())
  for (const [name, bytes] of files) {
    expect(Buffer.compare(bytes, readFileSync(new URL(name, folder))), name).toBe(0)
  }
})

test.each([
  ['store', 'store', 'expected.json'],
  ['loaded', 'loaded', 'expected-loaded.json'],
  ['adaptive', 'store', 'expected-adaptive.json'],
] as const)(
  'the golden %s has the content and the counts that the independent reader finds',
  (name, golden, description) => {
    const store = openFixture(folderOf(name))
    const snapshot = store.snapshot()
    expect(contentOf(snapshot)).toEqual(sorted(writeGolden(golden).harness.entries))
    snapshot.release()
    const expected = JSON.parse(readFileSync(new URL(description, root), 'utf8')) as {
      readonly durableSeq: number
      readonly entries: number
      readonly tables: readonly {
        readonly level: number
        readonly entries: number
        readonly deletes: number
        readonly tombstones: number
        readonly keyBytes: number
        readonly valueBytes: number
        readonly fileBytes: number
        readonly rawBytes: number
        readonly storedBytes: number
      }[]
    }
    expect(store.durableSeq).toBe(expected.durableSeq)
    store.verify({
      finding: ({ message }) => expect.fail(message),
      progress: () => undefined,
      shape: (shape) => {
        const found = shape.kind === 'levels' ? shape.levels : []
        for (const [level, { tableCount, ...sums }] of found.entries()) {
          const tables = expected.tables.filter((table) => table.level === level)
          const sumOf = (name: Exclude<keyof (typeof tables)[0], 'level'>): number =>
            tables.reduce((total, table) => total + table[name], 0)
          expect(tableCount).toBe(tables.length)
          expect(sums).toEqual({
            entryCount: sumOf('entries'),
            deleteCount: sumOf('deletes'),
            tombstoneCount: sumOf('tombstones'),
            keyBytes: sumOf('keyBytes'),
            valueBytes: sumOf('valueBytes'),
            fileBytes: sumOf('fileBytes'),
            rawBytes: sumOf('rawBytes'),
            storedBytes: sumOf('storedBytes'),
          })
        }
        expect(found).toHaveLength(7)
      },
    })
    const { findings, files, entries } = verified(store)
    expect(findings).toEqual([])
    expect(files).toBe(expected.tables.length + 1)
    expect(entries).toBe(expected.tables.reduce((total, table) => total + table.entries, 0))
    const { levels = [] } = store.stats()
    expect(levels.reduce((total, { rawBytes }) => total + rawBytes, 0)).toBe(
      expected.tables.reduce((total, each) => total + each.fileBytes + each.rawBytes - each.storedBytes, 0),
    )
    store.close()
  },
)

test('a store of format 1 is refused', () => {
  let thrown: unknown
  try {
    openFixture(new URL('fixtures/v1/store/', import.meta.url))
  } catch (error) {
    thrown = error
  }
  expect(isLdbError(thrown, 'LDB_FORMAT')).toBe(true)
})
