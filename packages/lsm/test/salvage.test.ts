// Strategy: stores lose their manifest, tables and blocks, and get back files that compactions had deleted; they are salvaged.
// Invariants: everything that can be read is in the new store, nothing deleted comes back, and the report names what is lost.
import { isLdbError } from '@ldb/base'
import { MemoryVfs } from '@ldb/vfs'
import type { Vfs } from '@ldb/vfs'
import { expect, test } from 'vitest'
import { LsmTree, salvageStore } from '../src/index.js'
import type { SalvageReport } from '../src/index.js'
import { dataUnits } from './data-units.js'
import {
  bytesOf,
  contentOf,
  fileBytes,
  LsmHarness,
  SMALL,
  sorted,
  textOf,
  verified,
  writeFile,
} from './lsm-harness.js'

const keyOf = (number: number): string => `key${String(number).padStart(5, '0')}`

/** A store with several levels, overwrites, deletes and range deletes; closed. */
function filled(compression: 'none' | 'lz4' = 'lz4'): LsmHarness {
  const harness = new LsmHarness({ ...SMALL, compression })
  for (let round = 0; round < 3; round++) {
    for (let index = 0; index < 500; index++) {
      const number = (index * 7919) % 700
      if ((number + round) % 7 === 0) harness.delete(keyOf(number))
      else harness.put(keyOf(number), `value ${number} of round ${round}`)
    }
    harness.deleteRange(keyOf(100 * round), keyOf(100 * round + 20))
  }
  harness.store.checkpoint()
  harness.store.close()
  return harness
}

/** Salvages the store and returns the content of the new one with the report. */
function salvaged(vfs: Vfs): { report: SalvageReport; content: Map<string, string> } {
  const before = imageOf(vfs)
  vfs.list('store')
  const report = salvageStore(vfs, 'store', 'new')
  expect(imageOf(vfs)).toEqual(before)
  const store = LsmTree.open(vfs, 'new')
  const snapshot = store.snapshot()
  const content = contentOf(snapshot)
  snapshot.release()
  expect(verified(store).findings).toEqual([])
  expect(content.size).toBe(report.entryCount)
  store.close()
  return { report, content }
}

function imageOf(vfs: Vfs): Map<string, Uint8Array> {
  return new Map(vfs.list('store').map((name) => [name, fileBytes(vfs, `store/${name}`)]))
}

test.each(['none', 'lz4'] as const)(
  'a store without a manifest is rebuilt from its tables: %s',
  (compression) => {
    const { vfs, entries } = filled(compression)
    vfs.remove('store/MANIFEST')
    const { report, content } = salvaged(vfs)
    expect(content).toEqual(sorted(entries))
    expect(report.hasManifest).toBe(false)
    expect(report.losses.map(({ file }) => file)).toEqual(['store/MANIFEST'])
  },
)

test('a damaged manifest counts as none', () => {
  const { vfs, entries } = filled()
  const bytes = fileBytes(vfs, 'store/MANIFEST')
  bytes[70]! ^= 1
  writeFile(vfs, 'store/MANIFEST', bytes)
  const { report, content } = salvaged(vfs)
  expect(content).toEqual(sorted(entries))
  expect(report.hasManifest).toBe(false)
})

test('a table that is missing is lost with its key range, and nothing else is', () => {
  const harness = new LsmHarness()
  for (let number = 0; number < 1000; number++) harness.put(keyOf(number), 'v'.repeat(40))
  harness.store.compact()
  harness.store.close()
  const { vfs, entries } = harness
  const [name = ''] = harness.tableNames().slice(3)
  vfs.remove(`store/${name}`)
  const { report, content } = salvaged(vfs)
  const [loss] = report.losses
  expect(report.losses).toHaveLength(1)
  expect(loss?.file).toBe(`store/${name}`)
  const [lower, upper] = [textOf(loss?.lower as Uint8Array), textOf(loss?.upper as Uint8Array)]
  const kept = [...sorted(entries)].filter(([key]) => key < lower || key >= upper)
  expect(kept.length).toBeLessThan(1000)
  expect([...content]).toEqual(kept)
})

test.each([true, false])('a damaged block loses its entries only; with the manifest: %s', (hasManifest) => {
  const harness = new LsmHarness({ ...SMALL, compression: 'none' })
  for (let number = 0; number < 1000; number++) harness.put(keyOf(number), 'v'.repeat(40))
  harness.store.compact()
  harness.store.close()
  const { vfs, entries } = harness
  const path = `store/${harness.tableNames()[2] ?? ''}`
  const bytes = fileBytes(vfs, path)
  const unit = dataUnits(bytes)[1]
  bytes[(unit?.start ?? 0) + 30]! ^= 0x10
  writeFile(vfs, path, bytes)
  if (!hasManifest) vfs.remove('store/MANIFEST')
  const { report, content } = salvaged(vfs)
  const loss = report.losses.find(({ file }) => file === path)
  expect(loss?.offset).toBe(unit?.start)
  const [lower, upper] = [textOf(loss?.lower as Uint8Array), textOf(loss?.upper as Uint8Array)]
  const kept = [...sorted(entries)].filter(([key]) => key < lower || key >= upper)
  expect(1000 - kept.length).toBeGreaterThan(0)
  expect(1000 - kept.length).toBeLessThan(10)
  expect([...content]).toEqual(kept)
})

test('older versions below a damaged block are in doubt, in its range alone', () => {
  const harness = new LsmHarness({
    ...SMALL,
    tableBytes: 1 << 20,
    memtableBytes: 1 << 20,
    compression: 'none',
  })
  for (let number = 0; number < 300; number++) harness.put(keyOf(number), 'first')
  harness.store.checkpoint()
  for (let number = 100; number < 110; number++) harness.put(keyOf(number), 'second')
  harness.store.checkpoint()
  harness.store.close()
  const { vfs } = harness
  const path = `store/${harness.tableNames().at(-1) ?? ''}`
  const bytes = fileBytes(vfs, path)
  bytes[(dataUnits(bytes)[0]?.start ?? 0) + 30]! ^= 0x10
  writeFile(vfs, path, bytes)
  const { report } = salvaged(vfs)
  const [loss] = report.losses
  expect(report.losses.map(({ file }) => file)).toEqual([path])
  expect(textOf(loss?.lower as Uint8Array)).toBe(keyOf(100))
  expect(report.doubts.map(({ lower, upper }) => [lower, upper])).toEqual([[loss?.lower, loss?.upper]])
  expect(report.lostCount).toBeGreaterThan(3)
})

test('files that a compaction had read do not bring deleted keys back', () => {
  const harness = new LsmHarness({ ...SMALL, tableBytes: 1 << 20, memtableBytes: 1 << 20 })
  for (let number = 0; number < 300; number++) harness.put(keyOf(number), 'first')
  harness.store.checkpoint()
  const older = imageOf(harness.vfs)
  for (let number = 20; number < 280; number += 2) harness.delete(keyOf(number))
  harness.store.checkpoint()
  harness.store.compact()
  harness.store.close()
  const { vfs, entries } = harness
  // The manifest is lost, and the inputs that are older than the deletes are still there.
  for (const [name, bytes] of older) if (name !== 'MANIFEST') writeFile(vfs, `store/${name}`, bytes)
  vfs.remove('store/MANIFEST')
  const { report, content } = salvaged(vfs)
  expect(content).toEqual(sorted(entries))
  expect(report.obsoleteCount).toBe(130)
  expect(report.doubts.map(({ file }) => file)).toEqual(
    [...older.keys()].filter((name) => name !== 'MANIFEST').map((name) => `store/${name}`),
  )
})

test('an intact manifest keeps leftover files out', () => {
  const harness = new LsmHarness()
  for (let number = 0; number < 300; number++) harness.put(keyOf(number), 'first')
  harness.store.checkpoint()
  const older = imageOf(harness.vfs)
  harness.deleteRange('key')
  harness.put('other', 'entry')
  harness.store.compact()
  harness.store.close()
  for (const [name, bytes] of older) if (name !== 'MANIFEST') writeFile(harness.vfs, `store/${name}`, bytes)
  const { report, content } = salvaged(harness.vfs)
  expect([...content]).toEqual([['other', 'entry']])
  expect(report).toMatchObject({ hasManifest: true, losses: [], doubts: [] })
})

test('the entries of a bulk load are newer than the tables before it, and in doubt with those behind it', () => {
  const harness = new LsmHarness()
  for (let number = 0; number < 300; number++) harness.put(keyOf(number), 'first')
  harness.store.checkpoint()
  harness.load([10, 20, 30].map((number) => [keyOf(number), 'loaded']))
  const [loaded] = harness.tableNames().slice(-1)
  harness.put(keyOf(20), 'later')
  harness.store.checkpoint()
  harness.store.close()
  harness.vfs.remove('store/MANIFEST')
  const { report, content } = salvaged(harness.vfs)
  expect(content).toEqual(sorted(harness.entries))
  expect(report.doubts.map(({ file }) => file)).toEqual([`store/${loaded ?? ''}`])
})

test('the new store goes on with the commit of the manifest, and an existing one is refused', () => {
  const { vfs } = filled()
  const report = salvageStore(vfs, 'store', 'new', { compression: 'none' })
  const store = LsmTree.open(vfs, 'new')
  expect(store.durableSeq).toBe(1503)
  store.close()
  expect(report.entryCount).toBeGreaterThan(100)
  for (const target of ['new', 'store']) {
    expect(() => salvageStore(vfs, 'store', target)).toThrow(/there is a store/)
  }
  try {
    salvageStore(vfs, 'absent', 'other')
    expect.unreachable()
  } catch (error) {
    expect(isLdbError(error, 'LDB_NOT_FOUND')).toBe(true)
  }
})

test('a table whose header is damaged is lost, and bytes that are no unit are skipped', () => {
  const vfs = new MemoryVfs()
  const harness = new LsmHarness(SMALL, vfs)
  harness.put('a', 'value')
  harness.store.checkpoint()
  harness.store.close()
  const [name = ''] = harness.tableNames()
  const bytes = fileBytes(vfs, `store/${name}`)
  writeFile(vfs, 'store/0000000099.sst', bytesOf('short'))
  writeFile(
    vfs,
    `store/${name}`,
    Uint8Array.from([...bytes, ...bytesOf('garbage behind the footer'.repeat(9))]),
  )
  vfs.remove('store/MANIFEST')
  const { report, content } = salvaged(vfs)
  expect([...content]).toEqual([['a', 'value']])
  expect(report.losses.map(({ file }) => file)).toEqual([
    'store/MANIFEST',
    `store/${name}`,
    'store/0000000099.sst',
  ])
})
