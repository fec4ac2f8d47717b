// Strategy: small databases of both engines, with values in blob files, plain and encrypted, are closed; in each region of each file, single bits
// are flipped; the database is opened read-only, and every entry is read. (verify-flips.test.ts verifies after flips.)
// Invariants: what has a copy, or can be done without, is readable in full; no entry is wrong or missing without an error. The regions that
// have no copy are those of `ALONE`, and no others.
import { isLdbError } from '@ldb/base'
import { MemoryVfs } from '@ldb/vfs'
import { expect, test } from 'vitest'
import { Database } from '../src/index.js'
import type { EngineName } from '../src/index.js'
import { readTree, writeFile } from './directory-tree.js'

const PAGE_BYTES = 4096
const META_COPY = 32_768
/** Bits that are flipped in a region; more with `LDB_FLIPS`. */
const FLIPS = Number(process.env['LDB_FLIPS'] ?? 2)

/** Regions of which a damaged bit costs something: there is one of each. */
const ALONE = {
  btree: ['blob-header', 'blob-record', 'branch', 'extent', 'leaf', 'log-header', 'log-record'],
  lsm: [
    'blob-header',
    'blob-record',
    'log-header',
    'log-record',
    'manifest-header',
    'manifest-record',
    'table-data',
    'table-footer',
    'table-index',
  ],
} as const

type Region = readonly [name: string, start: number, end: number]

function build(engine: EngineName, isEncrypted: boolean): MemoryVfs {
  const vfs = new MemoryVfs({ seed: 3 })
  const db = Database.open('data', {
    vfs,
    workers: 0,
    pageBytes: PAGE_BYTES,
    blobBytes: 6000,
    engine,
    ...keyOf(isEncrypted),
  })
  for (let number = 0; number < 160; number++) {
    const length = number % 40 === 0 ? 8000 : number % 20 === 0 ? 3000 : 60
    db.put(nameOf(number), `${number} `.repeat(length / 4))
  }
  db.checkpoint()
  for (let number = 0; number < 160; number += 7) db.put(nameOf(number), `second ${number}`)
  db.checkpoint()
  db.put('in the log', 'only')
  db.close()
  return vfs
}

function keyOf(isEncrypted: boolean): { encryption?: { key: Uint8Array } } {
  return isEncrypted ? { encryption: { key: new Uint8Array(32).fill(9) } } : {}
}

function nameOf(number: number): string {
  return number % 50 === 1 ? `${number} `.repeat(300) : `key ${number}`
}

/** Returns the regions of a file that a flipped bit may hit, without bytes that mean nothing. */
function regionsOf(path: string, bytes: Uint8Array, isEncrypted: boolean): Region[] {
  const name = path.slice(path.lastIndexOf('/') + 1)
  if (/^(CATALOG|KEYS)/.test(name)) return [[name.startsWith('C') ? 'catalog' : 'keys', 0, bytes.length]]
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (name === 'tree.ldb') return treeRegions(bytes, view, isEncrypted)
  // What else an encrypted file contains cannot be told from outside.
  if (isEncrypted) return []
  if (name.endsWith('.wal')) {
    return [
      ['log-header', 0, 152],
      ['log-seal', 4096, 4152],
      ['log-record', 8192, bytes.length],
    ]
  }
  if (name.endsWith('.blob')) {
    return [
      ['blob-header', 0, 64],
      // The stored value of the first record, behind its header and its key.
      [
        'blob-record',
        64 + 40 + view.getUint16(92, true),
        64 + 40 + view.getUint16(92, true) + view.getUint32(88, true),
      ],
    ]
  }
  if (name === 'MANIFEST') {
    return [
      ['manifest-header', 0, 64],
      ['manifest-record', 64, 64 + 16 + view.getUint32(64, true)],
    ]
  }
  if (!name.endsWith('.sst')) return []
  const footer = bytes.length - 48 - 24
  const unitAt = (unit: string, at: number): Region => {
    const start = Number(view.getBigUint64(footer + at, true))
    return [`table-${unit}`, start, start + view.getUint32(footer + at + 8, true)]
  }
  const units = [unitAt('index', 0), unitAt('filter', 12), unitAt('properties', 36)]
  const data = Math.min(...units.map(([, start]) => start))
  return [['table-header', 0, 64], ['table-data', 64, data], ...units, ['table-footer', footer, bytes.length]]
}

function treeRegions(bytes: Uint8Array, view: DataView, isEncrypted: boolean): Region[] {
  const regions: Region[] = [0, 4096, META_COPY].map((start) => ['meta', start, start + 512])
  if (isEncrypted) return regions
  const meta = view.getBigUint64(4096 + 80, true) > view.getBigUint64(80, true) ? 4096 : 0
  const bits = view.getUint32(meta + 140, true) * PAGE_BYTES + 64
  const kinds = ['', 'leaf', 'branch', 'extent', 'free-space', 'free-space-mirror']
  for (let page = 3; page < view.getUint32(meta + 136, true); page++) {
    const start = page * PAGE_BYTES
    const isFree = (((bytes[bits + (page >>> 3)] ?? 0) >>> (page & 7)) & 1) === 1
    if (isFree || start === META_COPY) continue
    const kind = kinds[bytes[start + 12] ?? 0] ?? ''
    const end = kind === 'extent' ? start + 32 + view.getUint32(start + 24, true) : start + PAGE_BYTES
    regions.push([kind, start, end])
  }
  return regions
}

/** Returns `'whole'` when every entry is read, or the code of the first error. */
function outcomeOf(vfs: MemoryVfs, isEncrypted: boolean, expected: ReadonlyMap<string, string>): string {
  try {
    using db = Database.open('data', { vfs, readOnly: true, ...keyOf(isEncrypted) })
    const entries = new Map(db.entries() as Iterable<[string, string]>)
    for (const [key, value] of expected) {
      if (entries.get(key) !== value || db.get(key) !== value) return 'WRONG'
    }
    return entries.size === expected.size ? 'whole' : 'WRONG'
  } catch (error) {
    return isLdbError(error) ? error.code : String(error)
  }
}

test.each([
  ['btree', false],
  ['btree', true],
  ['lsm', false],
  ['lsm', true],
] as const)('one flipped bit in a closed database of engine %s, encrypted: %s', (engine, isEncrypted) => {
  const vfs = build(engine, isEncrypted)
  const expected = new Map<string, string>()
  {
    using db = Database.open('data', { vfs, readOnly: true, ...keyOf(isEncrypted) })
    for (const [key, value] of db.entries()) expected.set(key, value)
  }
  const costly = new Set<string>()
  const names = new Set<string>()
  for (const [path, bytes] of readTree(vfs, 'data')) {
    if (bytes === undefined) continue
    for (const [name, start, end] of regionsOf(path, bytes, isEncrypted)) {
      names.add(name)
      for (let flip = 0; flip < FLIPS; flip++) {
        const at = start + Math.floor(((flip + 0.4) * (end - start)) / FLIPS)
        const damaged = bytes.slice()
        damaged[at] = (damaged[at] ?? 0) ^ (1 << (at % 8))
        writeFile(vfs, path, damaged)
        const outcome = outcomeOf(vfs, isEncrypted, expected)
        if (!['whole', 'LDB_CORRUPTION', 'LDB_FORMAT', 'LDB_UNSUPPORTED'].includes(outcome)) {
          expect.fail(`${name}: ${path} at ${at}: ${outcome}`)
        }
        if (outcome !== 'whole') costly.add(name)
      }
      writeFile(vfs, path, bytes)
    }
  }
  expect(names.size).toBeGreaterThan(isEncrypted ? 1 : 11)
  expect([...costly].sort()).toEqual(isEncrypted ? [] : ALONE[engine])
})
