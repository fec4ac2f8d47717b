// The golden store. tooling/formats reads the same files with a reader that shares no code with the engine, and wrote expected.json.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { MemoryVfs } from '@ldb/vfs'
import { expect, test } from 'vitest'
import { LsmTree } from '../src/index.js'
import { GOLDEN, writeGolden } from './golden.js'
import { contentOf, sorted, verified, writeFile } from './lsm-harness.js'

const FILES = { store: 'expected.json', loaded: 'expected-loaded.json' } as const
const NAMES = Object.keys(GOLDEN) as (keyof typeof GOLDEN)[]

function folderOf(name: keyof typeof GOLDEN): URL {
  return new URL(`fixtures/v1/${name}/`, import.meta.url)
}

test.each(NAMES)('the golden %s is what the present code writes', (golden) => {
  const folder = folderOf(golden)
  const { files } = writeGolden(golden)
  // A new format gets a new folder; the files of an old one are never written again.
  if (process.env['LDB_GOLDEN'] === 'write') {
    mkdirSync(folder, { recursive: true })
    for (const [name, bytes] of files) writeFileSync(new URL(name, folder), bytes)
  }
  expect([...files.keys()]).toEqual(readdirSync(folder).sort())
  for (const [name, bytes] of files) {
    expect(Buffer.compare(bytes, readFileSync(new URL(name, folder))), name).toBe(0)
  }
})

test.each(NAMES)(
  'the golden %s has the content and the counts that the independent reader finds',
  (golden) => {
    const folder = folderOf(golden)
    const vfs = new MemoryVfs()
    vfs.makeDirectory('store')
    for (const name of readdirSync(folder))
      writeFile(vfs, `store/${name}`, readFileSync(new URL(name, folder)))
    const store = LsmTree.open(vfs, 'store', { rewriteManifest: 'write' })
    const snapshot = store.snapshot()
    expect(contentOf(snapshot)).toEqual(sorted(writeGolden(golden).harness.entries))
    snapshot.release()
    const expected = JSON.parse(readFileSync(new URL(`../${FILES[golden]}`, folder), 'utf8')) as {
      readonly durableSeq: number
      readonly entries: number
      readonly tables: readonly { readonly entries: number }[]
    }
    expect(store.durableSeq).toBe(expected.durableSeq)
    const { findings, files, entries } = verified(store)
    expect(findings).toEqual([])
    expect(files).toBe(expected.tables.length + 1)
    expect(entries).toBe(expected.tables.reduce((total, table) => total + table.entries, 0))
    store.close()
  },
)
