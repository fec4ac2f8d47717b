// Strategy: in a database with values in blob files, of one chunk and of two, each byte of the header of the file, and of the headers, keys and
// values of its records, is changed, and the file is cut at many lengths.
// Invariants: a get returns the value that was written or throws LDB_CORRUPTION or LDB_FORMAT, and `verify` reports what a get does not return; a collection of
// the damaged file keeps the other values.
import { isLdbError } from '@ldb/base'
import { MemoryVfs } from '@ldb/vfs'
import { expect, it } from 'vitest'
import { Database } from '../src/database.js'
import { copyAfterKill } from './directory-tree.js'

const FILE = 'data/blobs/1.blob'
const HEADER_BYTES = 64
const RECORD_BYTES = 40
const MIB = 1_048_576
const SMALL = 200

/** Keys of equal length, in the order of the records. */
const VALUES: ReadonlyMap<string, string> = new Map([
  ['a', 'a'.repeat(SMALL)],
  ['b', 'b'.repeat(SMALL)],
  ['c', 'c'.repeat(MIB + 5000)],
  ['d', 'd'.repeat(SMALL)],
])
const KEY_BYTES = 5
/** Bytes of a record of a small value. */
const STRIDE = Math.ceil((RECORD_BYTES + KEY_BYTES + SMALL) / 8) * 8

function open(vfs: MemoryVfs): Database {
  return Database.open('data', { vfs, blobBytes: 64, cacheBytes: 65_536, compression: 'none' })
}

const intact = new MemoryVfs()
const first = open(intact)
for (const [key, value] of VALUES) first.put(key, value)
first.close()

/** Reads all values. Returns the keys of those that are refused. */
function refusedBy(db: Database): string[] {
  const refused: string[] = []
  for (const [key, value] of VALUES) {
    try {
      const found = db.get(key)
      // The assertions of vitest take seconds for a megabyte.
      if (found !== value) throw new Error(`a wrong value of ${key}`)
    } catch (error) {
      if (!isLdbError(error, 'LDB_CORRUPTION') && !isLdbError(error, 'LDB_FORMAT')) throw error
      refused.push(key)
    }
  }
  return refused
}

function check(
  damage: (vfs: MemoryVfs) => void,
  expected: readonly string[] | undefined,
  what: string,
): void {
  const vfs = copyAfterKill(intact, 'data')
  damage(vfs)
  const db = open(vfs)
  const refused = refusedBy(db)
  if (expected !== undefined) expect(refused, what).toEqual(expected)
  const { errorCount, findingCount } = db.verify()
  expect(errorCount === 0, what).toBe(refused.length === 0)
  expect(findingCount, what).toBeGreaterThan(0)
  db.delete('d')
  try {
    db.compact()
  } catch (error) {
    if (!isLdbError(error)) throw error
  }
  const isKept = ['a', 'b', 'c'].filter((key) => refused.includes(key))
  db.put('d', VALUES.get('d')!)
  expect(refusedBy(db), `${what}, after a collection`).toEqual(isKept)
  db.close()
}

function flip(offset: number): (vfs: MemoryVfs) => void {
  return (vfs) => {
    const file = vfs.open(FILE, 'write')
    const byte = new Uint8Array(1)
    file.read(byte, 0, 1, offset)
    byte[0]! ^= 0x11
    file.write(byte, 0, 1, offset)
    file.close()
  }
}

it('a changed byte of the file header refuses all values', () => {
  for (let at = 0; at < HEADER_BYTES; at++) check(flip(at), ['a', 'b', 'c', 'd'], `byte ${at}`)
})

it('a changed byte of a record header or of a key is needed by no get, and costs no value in a collection', () => {
  for (let at = 0; at < RECORD_BYTES + KEY_BYTES; at++)
    check(flip(HEADER_BYTES + STRIDE + at), [], `byte ${at}`)
})

it('a changed byte of a value refuses that value', () => {
  const start = HEADER_BYTES + STRIDE + RECORD_BYTES + KEY_BYTES
  for (let at = 0; at < SMALL; at += 7) check(flip(start + at), ['b'], `byte ${at}`)
  const long = HEADER_BYTES + 2 * STRIDE + RECORD_BYTES + KEY_BYTES
  for (const at of [0, MIB - 1, MIB, MIB + 4999])
    check(flip(long + at), ['c'], `byte ${at} of the long value`)
  // Its chunk table.
  for (let at = 0; at < 16; at++) check(flip(long + MIB + 5000 + at), ['c'], `byte ${at} of the table`)
})

it('a file that ends early refuses the values behind its end', () => {
  const cut = (length: number) => (vfs: MemoryVfs) => {
    const file = vfs.open(FILE, 'write')
    file.truncate(length)
    file.close()
  }
  check(cut(0), ['a', 'b', 'c', 'd'], 'empty')
  check(cut(HEADER_BYTES - 1), ['a', 'b', 'c', 'd'], 'in the header')
  check(cut(HEADER_BYTES), ['a', 'b', 'c', 'd'], 'behind the header')
  check(cut(HEADER_BYTES + STRIDE), ['b', 'c', 'd'], 'behind a record')
  check(cut(HEADER_BYTES + 2 * STRIDE - 8), ['b', 'c', 'd'], 'in a value')
  check(cut(HEADER_BYTES + 2 * STRIDE + MIB), ['c', 'd'], 'in a long value')
})
