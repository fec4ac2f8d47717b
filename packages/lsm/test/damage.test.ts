// Strategy: damages each byte of the manifest and a byte in every seventh place of each table, then reads everything.
// Invariants: a reader gets what was stored or LDB_CORRUPTION or LDB_FORMAT; a damage that changes what is read is found by verify.
import { isLdbError } from '@ldb/base'
import { MemoryVfs } from '@ldb/vfs'
import { expect, test } from 'vitest'
import { LsmTree } from '../src/index.js'
import {
  contentOf,
  fileBytes,
  LsmHarness,
  SMALL,
  sorted,
  textOf,
  verified,
  writeFile,
} from './lsm-harness.js'

const STEP = 7

function filled(): LsmHarness {
  const harness = new LsmHarness({ ...SMALL, cacheBytes: 0 })
  for (let index = 0; index < 120; index++) harness.put(`key${index}`, 'v'.repeat(index % 50))
  harness.store.checkpoint()
  harness.deleteRange('key50', 'key60')
  harness.delete('key1')
  harness.store.checkpoint()
  harness.store.close()
  return harness
}

/** Copies a store, changes one byte of one file, and returns what it contains then, or the code of the error. */
function damaged(harness: LsmHarness, name: string, offset: number): Map<string, string> | string {
  const vfs = new MemoryVfs()
  vfs.makeDirectory('store')
  for (const each of harness.vfs.list('store')) {
    const bytes = fileBytes(harness.vfs, `store/${each}`)
    if (each === name) bytes[offset]! ^= 0x10
    writeFile(vfs, `store/${each}`, bytes)
  }
  try {
    const store = LsmTree.open(vfs, 'store', { ...harness.options, create: false, rewriteManifest: 'write' })
    const { findings } = verified(store)
    const snapshot = store.snapshot()
    try {
      return contentOf(snapshot)
    } catch (error) {
      expect(findings.length).toBeGreaterThan(0)
      throw error
    } finally {
      store.close()
    }
  } catch (error) {
    if (!isLdbError(error)) throw error
    expect(error.code).toMatch(/^LDB_(CORRUPTION|FORMAT)$/)
    return error.code
  }
}

test('damage to a table is reported, or changes nothing', () => {
  const harness = filled()
  const expected = sorted(harness.entries)
  for (const name of harness.tableNames()) {
    const { length } = fileBytes(harness.vfs, `store/${name}`)
    let reported = 0
    for (let offset = 0; offset < length; offset += STEP) {
      const result = damaged(harness, name, offset)
      if (typeof result === 'string') reported++
      else expect(result, `${name} at ${offset}`).toEqual(expected)
    }
    expect(reported).toBeGreaterThan(0)
  }
})

/** Returns the offset of the last record of a manifest. */
function lastRecordOf(manifest: Uint8Array): number {
  const view = new DataView(manifest.buffer)
  let last = 0
  for (let offset = 64; offset < manifest.length;) {
    last = offset
    offset = Math.ceil((offset + 16 + view.getUint32(offset, true)) / 8) * 8
  }
  return last
}

test('damage to the manifest is reported, or loses only its last record', () => {
  const harness = filled()
  const expected = sorted(harness.entries)
  const manifest = fileBytes(harness.vfs, 'store/MANIFEST')
  const last = lastRecordOf(manifest)
  const results = new Map<string, number>()
  for (let offset = 0; offset < manifest.length; offset++) {
    const result = damaged(harness, 'MANIFEST', offset)
    const kind = typeof result === 'string' ? result : result.size === expected.size ? 'same' : 'earlier'
    if (offset < last) expect(kind, `offset ${offset}`).not.toBe('earlier')
    results.set(kind, (results.get(kind) ?? 0) + 1)
  }
  expect([...results.keys()].sort()).toEqual(['LDB_CORRUPTION', 'LDB_FORMAT', 'earlier', 'same'])
  // Zeros between records, and nothing else.
  expect(results.get('same')).toBeLessThan(8 * 3)
})

test('damage that a read meets names the table, and verify finds it', () => {
  const harness = filled()
  const [name = ''] = harness.tableNames()
  const bytes = fileBytes(harness.vfs, `store/${name}`)
  bytes[70]! ^= 1
  writeFile(harness.vfs, `store/${name}`, bytes)
  const store = LsmTree.open(harness.vfs, 'store', harness.options)
  expect(() => store.get(new TextEncoder().encode('key0'))).toThrow(/checksum/)
  const { findings } = verified(store)
  expect(findings[0]).toMatchObject({ kind: 'checksum', file: `store/${name}` })
})

test('a missing table is found at open', () => {
  const harness = filled()
  const [name = ''] = harness.tableNames()
  harness.vfs.remove(`store/${name}`)
  expect(() => LsmTree.open(harness.vfs, 'store', harness.options)).toThrow(
    expect.objectContaining({
      code: 'LDB_CORRUPTION',
      message: expect.stringContaining('is missing') as string,
    }),
  )
})

test('files of others are left alone, those of a crash are removed with the next checkpoint', () => {
  const harness = filled()
  writeFile(harness.vfs, 'store/notes.txt', new Uint8Array(1))
  writeFile(harness.vfs, 'store/0000000900.sst', new Uint8Array(1))
  writeFile(harness.vfs, 'store/MANIFEST.new', new Uint8Array(1))
  harness.reopen()
  harness.put('a', 'b')
  harness.store.checkpoint()
  const names = harness.vfs.list('store')
  expect(names).toContain('notes.txt')
  expect(names).not.toContain('0000000900.sst')
  expect(names).not.toContain('MANIFEST.new')
  // (L3) The number of the unknown file is not used again.
  expect(Math.max(...harness.tableNames().map((name) => Number(name.slice(0, 10))))).toBeGreaterThan(900)
})

test('another store is refused', () => {
  const harness = filled()
  const storeId = new Uint8Array(16)
  expect(() => LsmTree.open(harness.vfs, 'store', { storeId })).toThrow(/another store/)
  expect(textOf(harness.store.storeId)).toHaveLength(16)
})

test('a table that is being written is no leftover', () => {
  const harness = filled()
  harness.store = LsmTree.open(harness.vfs, 'store', { ...harness.options, rewriteManifest: 'write' })
  // Every poll of the task runs one slice.
  const timeSlice = {
    sync: () => undefined,
    syncAsync: () => Promise.resolve(),
    beginSync: () => {
      let isPolled = false
      return () => isPolled || !(isPolled = true)
    },
  }
  const task = harness.store.beginCompaction({ effort: 'full', timeSlice })
  const before = harness.tableNames().length
  while (harness.tableNames().length === before) task?.poll()
  // The first checkpoint of this opening.
  harness.store.checkpoint()
  task?.sync()
  expect(harness.content()).toEqual(sorted(harness.entries))
})
