import { isLdbError } from '@ldb/base'
import { ZSTD_CODEC } from '@ldb/integrity'
import { MemoryVfs } from '@ldb/vfs'
import { describe, expect, test } from 'vitest'
import { Database } from '../src/index.js'
import type { Compression, DatabaseOptions } from '../src/index.js'
import { copyAfterKill } from './directory-tree.js'
import { trimming } from './trimming-codec.js'

const LSM = { engine: 'lsm', memtableBytes: 65_536, durability: 'periodic' } as const

function codeOf(call: () => unknown): string {
  try {
    call()
  } catch (error) {
    return isLdbError(error) ? error.code : String(error)
  }
  return 'no error'
}

function fill(db: Pick<Database, 'put'>, count: number, text = 'x'.repeat(3000)): void {
  for (let index = 0; index < count; index++) db.put(`k${1000 + index}`, text)
}

function compressionsOf(db: Database): Record<string, unknown> {
  return Object.fromEntries(db.keyspaces().map(({ name, compression }) => [name, compression]))
}

describe('the compression of a keyspace', () => {
  test('is lz4 by default, and is stored', () => {
    const vfs = new MemoryVfs()
    let db = Database.open('data', { vfs })
    db.keyspace('logs', { engine: 'lsm' })
    db.keyspace('plain', { engine: 'lsm', compression: 'none' })
    db.keyspace('small', { engine: 'lsm', compression: 'adaptive' })
    db.keyspace('tree', { compression: 'none' })
    const expected = { default: 'lz4', logs: 'lz4', plain: 'none', small: 'adaptive', tree: 'none' }
    expect(compressionsOf(db)).toEqual(expected)
    db.close()
    db = Database.open('data', { vfs, engine: 'lsm', compression: 'deflate' })
    expect(compressionsOf(db)).toEqual(expected)
    db.keyspace('later')
    db.keyspace('later tree', { engine: 'btree' })
    expect(compressionsOf(db)).toEqual({ ...expected, later: 'deflate', 'later tree': 'deflate' })
    expect(codeOf(() => db.keyspace('logs', { compression: 'deflate' }))).toBe('LDB_EXISTS')
    expect(codeOf(() => db.keyspace('logs', { compression: trimming() }))).toBe('LDB_EXISTS')
    expect(codeOf(() => db.keyspace('tree', { compression: 'lz4' }))).toBe('LDB_EXISTS')
    expect(db.keyspace('logs', { compression: 'lz4' })).toBe(db.keyspace('logs'))
    db.close()
  })

  test('makes files smaller, as the statistics say', () => {
    const sizes = (['none', 'lz4', 'deflate', 'adaptive'] as const).map((compression) => {
      const db = Database.open('data', { ...LSM, vfs: new MemoryVfs(), compression })
      for (let index = 0; index < 500; index++)
        db.put(`k${index}`, `{"id":${index},"name":"user ${index % 10}","active":true}`)
      db.compact()
      const [keyspace] = db.stats().keyspaces
      const { fileBytes = 0, rawBytes = 0 } = keyspace?.levels?.at(-1) ?? {}
      expect(db.count()).toBe(500)
      expect(db.verify().ok).toBe(true)
      db.close()
      return { fileBytes, rawBytes }
    })
    const [none, lz4, deflate, adaptive] = sizes
    expect(new Set(sizes.map(({ rawBytes }) => rawBytes))).toEqual(new Set([none!.fileBytes]))
    expect(lz4!.fileBytes).toBeLessThan(0.7 * none!.fileBytes)
    expect(deflate!.fileBytes).toBeLessThan(0.9 * lz4!.fileBytes)
    expect(adaptive!.fileBytes).toBe(deflate!.fileBytes)
  })

  test.each<[string, DatabaseOptions, string]>([
    ['an unknown name', { engine: 'lsm', compression: 'brotli' as Compression }, 'LDB_INVALID_ARGUMENT'],
    [
      'a name of Object.prototype',
      { engine: 'lsm', compression: 'toString' as Compression },
      'LDB_INVALID_ARGUMENT',
    ],
    ['a number', { engine: 'lsm', compression: 2 as never }, 'LDB_INVALID_ARGUMENT'],
    ['no codec', { engine: 'lsm', compression: {} as never }, 'LDB_INVALID_ARGUMENT'],
    [
      'a codec with an id of a built-in one',
      { engine: 'lsm', compression: trimming(2) },
      'LDB_INVALID_ARGUMENT',
    ],
    ['a B+tree with an unknown name', { compression: 'snappy' as Compression }, 'LDB_INVALID_ARGUMENT'],
    ...(ZSTD_CODEC === undefined
      ? (['btree', 'lsm'] as const).map((engine): [string, DatabaseOptions, string] => [
          `zstd where the platform has none, ${engine}`,
          { engine, compression: 'zstd' },
          'LDB_UNSUPPORTED',
        ])
      : []),
  ])('is refused: %s', (_, options, code) => {
    const vfs = new MemoryVfs()
    expect(codeOf(() => Database.open('data', { vfs, ...options }))).toBe(code)
    expect(vfs.status('data')).toBeUndefined()
    const db = Database.memory()
    const { engine, compression } = options
    expect(codeOf(() => db.keyspace('new', { ...(engine && { engine }), compression: compression! }))).toBe(
      code,
    )
    expect(db.keyspaces()).toHaveLength(1)
    db.close()
  })
})

describe('a codec of the application', () => {
  test('compresses a keyspace, and is passed again to the open', () => {
    const vfs = new MemoryVfs()
    let db = Database.open('data', { ...LSM, vfs, compression: trimming() })
    fill(db, 50)
    db.compact()
    expect(compressionsOf(db)).toEqual({ default: 140 })
    const { fileBytes = 0, rawBytes = 0 } = db.stats().keyspaces[0]?.levels?.at(-1) ?? {}
    expect(rawBytes).toBeGreaterThan(1.8 * fileBytes)
    db.close()
    const codec = trimming()
    db = Database.open('data', { ...LSM, vfs, compression: codec })
    expect(db.get('k1007')).toBe('x'.repeat(3000))
    expect(codec.calls).toBe(1)
    expect(db.verify().ok).toBe(true)
    db.close()
  })

  test('may be passed later, for its keyspace', () => {
    const vfs = new MemoryVfs()
    let db = Database.open('data', { vfs, memtableBytes: 65_536 })
    fill(db.keyspace('logs', { engine: 'lsm', compression: trimming() }), 50)
    db.compact()
    db.close()
    db = Database.open('data', { vfs, memtableBytes: 65_536 })
    const logs = db.keyspace('logs')
    // (K6) Nothing is lost or poisoned.
    expect(codeOf(() => logs.get('k1007'))).toBe('LDB_UNSUPPORTED')
    expect(codeOf(() => logs.count())).toBe('LDB_UNSUPPORTED')
    expect(codeOf(() => db.compact())).toBe('LDB_UNSUPPORTED')
    const { ok, findings } = db.verify()
    expect(ok).toBe(false)
    expect(findings[0]?.message).toContain('codec 140')
    fill(logs, 200, 'new')
    db.checkpoint()
    db.put('a', 'b')
    db.keyspace('logs', { compression: trimming() })
    expect(logs.get('k1199')).toBe('new')
    expect(logs.count()).toBe(200)
    db.compact()
    expect(db.verify().ok).toBe(true)
    db.close()
  })

  test('is recovered from a log that it was not passed for', () => {
    const vfs = new MemoryVfs()
    const lost = Database.open('data', { ...LSM, vfs, compression: trimming() })
    fill(lost, 100)
    lost.compact()
    fill(lost, 100, 'new')
    lost.sync()
    const copy = copyAfterKill(vfs, 'data')
    const db = Database.open('data', { vfs: copy })
    db.put('a', 'b')
    db.close()
    const again = Database.open('data', { ...LSM, vfs: copy, compression: trimming() })
    expect(again.count()).toBe(101)
    expect(again.get('k1007')).toBe('new')
    again.close()
    lost.close()
  })

  test('cannot have the id of another one', () => {
    const db = Database.open('data', { ...LSM, vfs: new MemoryVfs(), compression: trimming() })
    expect(codeOf(() => db.keyspace('x', { compression: { ...trimming(), name: 'other' } }))).toBe(
      'LDB_INVALID_ARGUMENT',
    )
    expect(db.keyspaces()).toHaveLength(1)
    expect(codeOf(() => db.keyspace('x', { compression: trimming(141) }))).toBe('no error')
    db.close()
  })

  test('that fails stores blocks as they are, and reports those that it cannot restore as damage', () => {
    const vfs = new MemoryVfs()
    const failing = {
      ...trimming(),
      compress: (): never => {
        throw new Error('no')
      },
    }
    let db = Database.open('data', { ...LSM, vfs, compression: failing })
    fill(db, 50)
    db.compact()
    expect(db.get('k1007')).toBe('x'.repeat(3000))
    db.close()
    db = Database.open('data', { ...LSM, vfs, compression: trimming() })
    fill(db, 50)
    db.compact()
    db.close()
    const broken = { ...trimming(), decompress: (bytes: Uint8Array): Uint8Array => bytes }
    db = Database.open('data', { ...LSM, vfs, compression: broken })
    expect(codeOf(() => db.get('k1007'))).toBe('LDB_CORRUPTION')
    db.close()
  })
})
