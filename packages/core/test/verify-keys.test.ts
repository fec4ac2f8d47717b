// Strategy: bits of the key file of an encrypted database are changed, in both slots, and the whole file is removed, cut and replaced by an
// older one, while the database is closed and while it is open.
// Invariants: `verify` finds each change; one intact slot opens the database, without an error among the findings.
import { MemoryVfs } from '@ldb/vfs'
import { beforeEach, describe, expect, test } from 'vitest'
import { KEYS_SLOT_BYTES } from '../src/format.js'
import { Database, isLdbError } from '../src/index.js'
import type { VerifyReport } from '../src/index.js'
import { readFile, writeFile } from './directory-tree.js'

const PATH = 'data/KEYS'
const encryption = { key: new Uint8Array(32).fill(7) }
const OTHER = { key: new Uint8Array(32).fill(8) }

let vfs: MemoryVfs
let whole: Uint8Array

beforeEach(() => {
  vfs = new MemoryVfs()
  const db = Database.open('data', { vfs, encryption })
  db.put('a', '1')
  db.close()
  whole = readFile(vfs, PATH)
})

function flip(at: number, bit: number): void {
  const bytes = readFile(vfs, PATH)
  bytes[at]! ^= 1 << bit
  writeFile(vfs, PATH, bytes)
}

function expectRefused(code: string): void {
  const report = Database.verify('data', { vfs, encryption })
  expect(report.findings.map(({ file }) => file)).toContain(PATH)
  expect(report.errorCount).toBeGreaterThan(0)
  expect(report.parts.map(({ name }) => name)).toContain('log')
  expect(codeOf(() => Database.open('data', { vfs, encryption }))).toBe(code)
}

function codeOf(call: () => unknown): string {
  try {
    call()
  } catch (error) {
    return isLdbError(error) ? error.code : String(error)
  }
  return 'none'
}

function findingsOf({ findings }: VerifyReport): (readonly [string, number, string | undefined])[] {
  return findings.map(({ file, offset, severity }) => [file, offset, severity])
}

describe('a closed database', () => {
  test.each([0, KEYS_SLOT_BYTES])(
    'with a changed bit in the slot at %i opens, and verify finds it',
    (slot) => {
      for (let at = 0; at < KEYS_SLOT_BYTES; at += 1013) {
        flip(slot + at, at % 8)
        expect(findingsOf(Database.verify('data', { vfs, encryption }))).toEqual([[PATH, slot, 'warning']])
        const db = Database.open('data', { vfs, encryption })
        expect(db.get('a')).toBe('1')
        db.close()
        writeFile(vfs, PATH, whole)
      }
    },
  )

  test('of which both slots are damaged is refused, and verify says why', () => {
    flip(100, 1)
    flip(KEYS_SLOT_BYTES + 200, 1)
    expectRefused('LDB_CORRUPTION')
    const catalog = readFile(vfs, 'data/CATALOG')
    for (const path of ['data/CATALOG', 'data/CATALOG.copy']) writeFile(vfs, path, catalog.subarray(0, 50))
    expectRefused('LDB_CORRUPTION')
  })

  test('of which the key file is missing is refused, and verify says why', () => {
    vfs.remove(PATH)
    expectRefused('LDB_CORRUPTION')
  })
})

describe('an open database', () => {
  test('finds that its key file was changed, removed, cut or replaced by an older one', () => {
    const db = Database.open('data', { vfs, encryption })
    db.rotateKey(OTHER)
    expect(db.verify().findings).toEqual([])
    const rotated = readFile(vfs, PATH)
    writeFile(vfs, PATH, whole)
    expect(findingsOf(db.verify())).toEqual([
      [PATH, 0, 'error'],
      [PATH, KEYS_SLOT_BYTES, 'error'],
    ])
    writeFile(vfs, PATH, rotated.subarray(0, KEYS_SLOT_BYTES + 4000))
    expect(findingsOf(db.verify())).toEqual([[PATH, KEYS_SLOT_BYTES, 'warning']])
    vfs.remove(PATH)
    expect(db.verify().findings).toMatchObject([{ kind: 'missing', file: PATH }])
    // The next change of the key writes it again.
    db.rotateKey(encryption)
    expect(db.verify().findings).toEqual([])
    db.close()
    expect(Database.open('data', { vfs, encryption }).get('a')).toBe('1')
  })

  test('of another secret is refused by verify, which changes nothing', () => {
    expect(codeOf(() => Database.verify('data', { vfs, encryption: OTHER }))).toBe('LDB_KEY')
    expect(readFile(vfs, PATH)).toEqual(whole)
  })
})
