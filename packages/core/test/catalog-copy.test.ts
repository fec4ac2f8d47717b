import { isLdbError } from '@ldb/base'
import { MemoryVfs } from '@ldb/vfs'
import { expect, test } from 'vitest'
import { Database } from '../src/index.js'

/**
 * Strategy: the catalog, its copy or both are damaged or removed.
 * Invariants: with an intact copy the database opens as before, says so, and restores the catalog with its first write; a copy that
 * is older than the log says is refused; nothing depends on the copy while the catalog is intact.
 */

function write(vfs: MemoryVfs): void {
  using db = Database.open('data', { vfs })
  db.keyspace('users').put('ada', '1')
  db.put('a', '1')
}

function bytesOf(vfs: MemoryVfs, name: string): Uint8Array {
  const file = vfs.open(`data/${name}`, 'read')
  const bytes = new Uint8Array(file.length())
  file.read(bytes, 0, bytes.length, 0)
  file.close()
  return bytes
}

function setBytes(vfs: MemoryVfs, name: string, bytes: Uint8Array): void {
  const file = vfs.open(`data/${name}`, 'create')
  file.truncate(0)
  file.write(bytes, 0, bytes.length, 0)
  file.close()
}

function flip(vfs: MemoryVfs, name: string, offset: number): void {
  const bytes = bytesOf(vfs, name)
  bytes[offset]! ^= 1
  setBytes(vfs, name, bytes)
}

test('the copy has the bytes of the catalog', () => {
  const vfs = new MemoryVfs()
  write(vfs)
  expect(bytesOf(vfs, 'CATALOG.copy')).toEqual(bytesOf(vfs, 'CATALOG'))
})

test('a catalog with any flipped bit is read from its copy, and restored by the first write', () => {
  const vfs = new MemoryVfs()
  write(vfs)
  const intact = bytesOf(vfs, 'CATALOG')
  for (let offset = 0; offset < intact.length; offset += 5) {
    flip(vfs, 'CATALOG', offset)
    const warnings: string[] = []
    const logger = {
      debug: () => undefined,
      info: () => undefined,
      warn: (text: string) => warnings.push(text),
      error: () => undefined,
    }
    using reader = Database.open('data', { vfs, readOnly: true, logger })
    expect(reader.keyspace('users').get('ada')).toBe('1')
    expect(warnings).toHaveLength(1)
    reader.close()
    if (offset % 4 !== 0) {
      setBytes(vfs, 'CATALOG', intact)
      continue
    }
    using writer = Database.open('data', { vfs })
    writer.put('b', '2')
    writer.close()
    expect(bytesOf(vfs, 'CATALOG')).toEqual(intact)
  }
})

test('a catalog that is missing is read from its copy', () => {
  const vfs = new MemoryVfs()
  write(vfs)
  vfs.remove('data/CATALOG')
  using db = Database.open('data', { vfs })
  expect(db.keyspaces().map(({ name }) => name)).toEqual(['default', 'users'])
  db.put('b', '2')
  db.close()
  expect(vfs.status('data/CATALOG')).toBeDefined()
})

test('without an intact copy, the damage of the catalog is the error', () => {
  const vfs = new MemoryVfs()
  write(vfs)
  flip(vfs, 'CATALOG', 40)
  flip(vfs, 'CATALOG.copy', 41)
  expect(() => Database.open('data', { vfs })).toThrow(/catalog/)
  vfs.remove('data/CATALOG.copy')
  expect(() => Database.open('data', { vfs })).toThrow(/catalog/)
})

test('a damaged or missing copy does no harm', () => {
  const vfs = new MemoryVfs()
  write(vfs)
  flip(vfs, 'CATALOG.copy', 40)
  Database.open('data', { vfs }).close()
  vfs.remove('data/CATALOG.copy')
  using db = Database.open('data', { vfs })
  db.keyspace('more').put('a', '1')
  expect(bytesOf(vfs, 'CATALOG.copy')).toEqual(bytesOf(vfs, 'CATALOG'))
})

test('an older copy is not taken for the catalog', () => {
  const vfs = new MemoryVfs()
  write(vfs)
  const older = bytesOf(vfs, 'CATALOG.copy')
  const db = Database.open('data', { vfs })
  db.keyspace('more').put('a', '1')
  db.close()
  setBytes(vfs, 'CATALOG.copy', older)
  flip(vfs, 'CATALOG', 40)
  try {
    Database.open('data', { vfs })
    expect.unreachable()
  } catch (error) {
    expect(isLdbError(error, 'LDB_CORRUPTION')).toBe(true)
  }
})

test('a database is destroyed with its copy', () => {
  const vfs = new MemoryVfs()
  write(vfs)
  Database.destroy('data', { vfs })
  expect(vfs.status('data')).toBeUndefined()
})
