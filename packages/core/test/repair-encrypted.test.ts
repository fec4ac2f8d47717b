// Strategy: an encrypted database of each engine loses one part at a time; the repair has the key, another one, or none.
// Invariants: what is lost is reported, and only that; the repaired database is encrypted with the same key; without the key nothing is read or written.
import { isLdbError } from '@ldb/base'
import { MemoryVfs } from '@ldb/vfs'
import type { Vfs } from '@ldb/vfs'
import { describe, expect, test } from 'vitest'
import { Database } from '../src/index.js'
import type { EngineName, Encryption, RepairReport } from '../src/index.js'

const ENCRYPTION: Encryption = { key: Uint8Array.from({ length: 32 }, (_, index) => index * 7) }
const LARGE = 'large '.repeat(6000)
const CANARY = 'canary-of-the-repair-1f2e3d4c5b6a'

function write(vfs: Vfs, engine: EngineName): Map<string, string> {
  const db = Database.open('/data', { vfs, engine, memtableBytes: 65_536, encryption: ENCRYPTION })
  for (let index = 0; index < 600; index++) db.put(keyOf(index), `${CANARY} ${index} `.repeat(2))
  for (let index = 0; index < 600; index += 3) db.delete(keyOf(index))
  db.put('large', LARGE)
  db.checkpoint()
  db.put(keyOf(1), 'late')
  db.put('large 2', `${LARGE}2`)
  const content = new Map(db.entries())
  db.close()
  return content
}

function keyOf(index: number): string {
  return `key ${String(index).padStart(3, '0')}`
}

function pathsOf(vfs: Vfs, directory = '/data'): string[] {
  return vfs.list(directory).flatMap((name) => {
    const path = `${directory}/${name}`
    return vfs.status(path)?.kind === 'directory' ? pathsOf(vfs, path) : [path]
  })
}

function readFile(vfs: Vfs, path: string): Uint8Array {
  const file = vfs.open(path, 'read')
  const bytes = new Uint8Array(file.length())
  file.read(bytes, 0, bytes.length, 0)
  file.close()
  return bytes
}

/** Flips a bit of the file with an ending. */
function damage(vfs: Vfs, ending: string, offset: number): string {
  const [path = ''] = pathsOf(vfs)
    .filter((each) => each.endsWith(ending))
    .slice(-1)
  const file = vfs.open(path, 'write')
  const byte = new Uint8Array(1)
  file.read(byte, 0, 1, offset)
  file.write(Uint8Array.of((byte[0] as number) ^ 4), 0, 1, offset)
  file.close()
  return path
}

function repair(vfs: Vfs): { report: RepairReport; content: Map<string, string> } {
  const report = Database.repair('/data', { target: '/repaired', vfs, encryption: ENCRYPTION })
  const db = Database.open('/repaired', { vfs, createIfMissing: false, encryption: ENCRYPTION })
  const content = new Map(db.entries())
  db.close()
  return { report, content }
}

/** Expects that only known entries are there, and returns how many are missing. */
function missingOf(content: ReadonlyMap<string, string>, expected: ReadonlyMap<string, string>): number {
  for (const [key, value] of content) expect(value).toBe(expected.get(key))
  return expected.size - content.size
}

function codeOf(action: () => unknown): string {
  try {
    action()
    return 'none'
  } catch (error) {
    return isLdbError(error) ? error.code : String(error)
  }
}

describe.each(['btree', 'lsm'] as const)('an encrypted database with engine %s', (engine) => {
  test('is copied as a whole, and encrypted', () => {
    const vfs = new MemoryVfs()
    const expected = write(vfs, engine)
    const { report, content } = repair(vfs)
    expect(content).toEqual(expected)
    expect(report).toMatchObject({ isComplete: true, losses: [], suspects: [] })
    expect(codeOf(() => Database.open('/repaired', { vfs }))).toBe('LDB_KEY')
    for (const path of pathsOf(vfs, '/repaired'))
      expect(Buffer.from(readFile(vfs, path)).includes(CANARY)).toBe(false)
  })

  test('needs its key', () => {
    const vfs = new MemoryVfs()
    write(vfs, engine)
    const wrong = { key: new Uint8Array(32) }
    for (const encryption of [undefined, wrong, { passphrase: 'a' }]) {
      expect(codeOf(() => Database.repair('/data', { target: '/repaired', vfs, encryption }))).toBe('LDB_KEY')
    }
    expect(vfs.list('/')).toEqual(['data'])
  })

  test('without a catalog has its entries', () => {
    const vfs = new MemoryVfs()
    const expected = write(vfs, engine)
    for (const path of pathsOf(vfs).filter((each) => each.includes('CATALOG'))) vfs.remove(path)
    expect(codeOf(() => Database.repair('/data', { target: '/repaired', vfs }))).toBe('LDB_KEY')
    const { report, content } = repair(vfs)
    expect(report.catalog).toBe('files')
    expect(missingOf(content, expected)).toBe(0)
  })

  test('with a damaged large value loses that value', () => {
    const vfs = new MemoryVfs()
    const expected = write(vfs, engine)
    const path = damage(vfs, '.blob', 200)
    const { report, content } = repair(vfs)
    expect(missingOf(content, expected)).toBe(1)
    expect(report.losses).toMatchObject([{ keyspace: 'default', file: path }])
  })
})

test.each([0, 4096, 8192])('a damaged meta block at %i loses nothing', (offset) => {
  const vfs = new MemoryVfs()
  const expected = write(vfs, 'btree')
  damage(vfs, 'tree.ldb', offset + 100)
  const { content } = repair(vfs)
  expect(missingOf(content, expected)).toBe(0)
})

test('any damaged page of a B+tree loses at most its own entries, and says so', () => {
  const image = new MemoryVfs()
  write(image, 'btree')
  const [path = ''] = pathsOf(image).filter((each) => each.endsWith('tree.ldb'))
  const pageCount = readFile(image, path).length / 8192
  let losses = 0
  for (let page = 2; page < pageCount; page++) {
    const vfs = new MemoryVfs()
    const expected = write(vfs, 'btree')
    damage(vfs, 'tree.ldb', page * 8192 + 4000)
    const { report, content } = repair(vfs)
    const missing = missingOf(content, expected)
    losses += missing
    if (missing > 0)
      expect(report.losses).toMatchObject([{ keyspace: 'default', file: path, offset: page * 8192 }])
  }
  expect(losses).toBeGreaterThan(0)
})

test('a damaged block of a table loses its entries', () => {
  const vfs = new MemoryVfs()
  const expected = write(vfs, 'lsm')
  const path = damage(vfs, '.sst', 5000)
  const { report, content } = repair(vfs)
  const missing = missingOf(content, expected)
  expect(missing).toBeGreaterThan(0)
  expect(missing).toBeLessThan(150)
  expect(report.losses).toMatchObject([{ keyspace: 'default', file: path }])
})
