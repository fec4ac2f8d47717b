// Strategy: databases of both engines, closed and killed, are damaged in one block of 256 bytes at a time, and repaired; then by files that
// are missing, and by all free-space pages, branches and meta blocks at once.
// Invariants: no entry is old unless it is a suspect; no entry is missing unless it is within a loss or a suspect; a report without
// losses is right; the source is unchanged.
import { Database } from '@ldb/core'
import type { EngineName, RepairReport } from '@ldb/core'
import type { MemoryVfs } from '@ldb/vfs'
import { describe, expect, test } from 'vitest'
import { imageVfs, readFile, writeFile } from '../../src/corruption/directory-image.js'
import { formatCount, reportCounts } from '../counted.js'
import { faultsOf, makeSample, missingCount, repairedContent, SOURCE, TARGET } from './damaged-database.js'
import type { Sample } from './damaged-database.js'

const BLOCK_BYTES = 256
/** Cases of one sweep; `LDB_REPAIR=all` runs them all. */
const CASES_MAX = process.env['LDB_REPAIR'] === 'all' ? Infinity : 24

interface Case {
  readonly path: string
  /** Offsets of flipped bytes; `undefined` for a missing file. */
  readonly offsets: readonly number[] | undefined
}

function repair(
  sample: Sample,
  cases: readonly Case[],
): { report: RepairReport; missing: number; faults: string[] } {
  const vfs = imageVfs(sample.image)
  for (const { path, offsets } of cases) damage(vfs, path, offsets)
  const before = new Map([...sample.image.files.keys()].map((path) => [path, bytesOf(vfs, path)]))
  const report = Database.repair(SOURCE, { target: TARGET, vfs })
  for (const [path, bytes] of before) {
    const after = bytesOf(vfs, path)
    const isSame =
      bytes === undefined ? after === undefined : after !== undefined && Buffer.compare(bytes, after) === 0
    if (!isSame) throw new Error(`${path} was changed`)
  }
  const found = repairedContent(vfs)
  return {
    report,
    missing: missingCount(sample.content, found),
    faults: faultsOf(sample.content, found, report),
  }
}

function bytesOf(vfs: MemoryVfs, path: string): Uint8Array | undefined {
  return vfs.status(path) === undefined ? undefined : readFile(vfs, path)
}

function damage(vfs: MemoryVfs, path: string, offsets: readonly number[] | undefined): void {
  if (offsets === undefined) {
    vfs.remove(path)
    return
  }
  const bytes = readFile(vfs, path)
  for (const offset of offsets) bytes[offset]! ^= 0x20
  writeFile(vfs, path, bytes)
}

/** Yields a flipped byte for each block of each file that is not zero. */
function casesOf({ image }: Sample): Case[] {
  const cases: Case[] = []
  for (const [path, bytes] of image.files) {
    for (let start = 0; start < bytes.length; start += BLOCK_BYTES) {
      const block = bytes.subarray(start, start + BLOCK_BYTES)
      const within = block.findIndex((byte, at) => byte !== 0 && at >= (start / BLOCK_BYTES) % 37)
      if (within >= 0) cases.push({ path, offsets: [start + within] })
    }
  }
  return cases
}

describe.each([
  ['btree', true],
  ['btree', false],
  ['lsm', true],
  ['lsm', false],
] as const)('a database of engine %s, closed: %s', (engine: EngineName, isClosed) => {
  const sample = makeSample(engine, isClosed)

  test('loses only what is damaged', { timeout: 300_000 }, (context) => {
    const all = casesOf(sample)
    const step = Math.max(1, all.length / CASES_MAX)
    let count = 0
    let whole = 0
    for (let at = 0; at < all.length; at += step) {
      const each = all[Math.floor(at)] as Case
      const { missing, faults, report } = repair(sample, [each])
      expect(faults.slice(0, 5), `${each.path} at ${String(each.offsets)}`).toEqual([])
      if (missing === 0) whole++
      // One page, block, table or value; or the commits of a lost record, of which the report warns.
      else
        expect(missing < 120 || report.suspectCount > 0, `${each.path} at ${String(each.offsets)}`).toBe(true)
      count++
    }
    reportCounts(
      context,
      `repair, ${engine}: ${formatCount(count)} cases, ${formatCount(whole)} whole, 0 old entries`,
    )
    expect(whole).toBeGreaterThan(count / 4)
  })

  test('survives the loss of any file', { timeout: 300_000 }, () => {
    for (const path of sample.image.files.keys()) {
      const { faults } = repair(sample, [{ path, offsets: undefined }])
      // Without a catalog and its copy, keyspaces have other names.
      expect(faults.slice(0, 5), path).toEqual([])
    }
  })
})

test('damaged branches, meta blocks and free-space pages of a tree lose nothing', () => {
  const sample = makeSample('btree', true)
  const cases: Case[] = []
  for (const [path, bytes] of sample.image.files) {
    if (!path.endsWith('tree.ldb')) continue
    const pages = Array.from({ length: bytes.length / 512 - 24 }, (_, index) => 24 + index)
    // 2 is a branch, 4 a free-space page. Its mirror stays: without both, what is live is unknown.
    const lost = pages
      .filter((page) => [2, 4].includes(bytes[page * 512 + 12] ?? 0))
      .map((page) => page * 512 + 100)
    cases.push({ path, offsets: [...lost, 100, 4196] })
  }
  const { missing, faults, report } = repair(sample, cases)
  expect({ missing, faults, suspects: report.suspects }).toEqual({ missing: 0, faults: [], suspects: [] })
  for (const { path } of cases) {
    const bytes = sample.image.files.get(path) as Uint8Array
    const pages = Array.from({ length: bytes.length / 512 - 24 }, (_, index) => 24 + index)
    const freeSpace = pages.filter((page) => bytes[page * 512 + 12] === 4).map((page) => page * 512 + 100)
    const found = repair(sample, [{ path, offsets: freeSpace }])
    expect({ missing: found.missing, complete: found.report.isComplete }).toEqual({
      missing: 0,
      complete: true,
    })
  }
})
