import { isLdbError } from '@ldb/base'
import { ZSTD_CODEC } from '@ldb/integrity'
import { MemoryVfs } from '@ldb/vfs'
import { describe, expect, test } from 'vitest'
import { Database } from '../src/index.js'
import type { Compression } from '../src/index.js'
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

describe('the compression of a B+tree', () => {
  const TREE = { durability: 'periodic', blobBytes: 2 ** 20 } as const
  /** Numbers: they compress to less than half. */
  const textOf = (index: number, count = 2500): string =>
    Array.from({ length: count }, (_, each) => index * 7919 + each * each).join(' ')

  test.each<[Compression, boolean]>([
    ['none', false],
    ['lz4', true],
    ['adaptive', true],
    ['deflate', true],
    [trimming(), true],
    ...(ZSTD_CODEC === undefined ? [] : ([['zstd', true]] as [Compression, boolean][])),
  ])(
    'makes values that leave its pages smaller, over checkpoints and opens: %s',
    (compression, isSmaller) => {
      const vfs = new MemoryVfs()
      const bytes = (): number => vfs.status('data/keyspaces/1/tree.ldb')?.length ?? 0
      let db = Database.open('data', { ...TREE, vfs, compression })
      const pad = 'x'.repeat(12_000)
      for (let index = 0; index < 40; index++) db.put(`k${index}`, textOf(index) + pad)
      db.put('short', 'y')
      expect(db.get('k7')).toBe(textOf(7) + pad)
      db.checkpoint()
      const rawBytes = 40 * (textOf(20).length + pad.length)
      if (isSmaller) expect(bytes()).toBeLessThan(0.86 * rawBytes)
      else expect(bytes()).toBeGreaterThan(rawBytes)
      expect(db.verify().ok).toBe(true)
      db.close()
      db = Database.open('data', { ...TREE, vfs, ...(typeof compression === 'object' && { compression }) })
      for (let index = 0; index < 40; index++) expect(db.get(`k${index}`)).toBe(textOf(index) + pad)
      expect([...db.values({ prefix: 'k' }).map((value) => value.length)]).toHaveLength(40)
      expect(db.verify().ok).toBe(true)
      // Extents are moved as they are stored.
      for (let index = 0; index < 30; index++) db.delete(`k${index}`)
      db.compact()
      for (let index = 30; index < 40; index++) expect(db.get(`k${index}`)).toBe(textOf(index) + pad)
      expect(db.verify().ok).toBe(true)
      db.close()
    },
  )

  test('with a codec of the application accepts writes without it, and reports reads', () => {
    const vfs = new MemoryVfs()
    let db = Database.open('data', { ...TREE, vfs, compression: trimming() })
    fill(db, 5, 'a' + 'x'.repeat(30_000))
    db.close()
    db = Database.open('data', { ...TREE, vfs })
    expect(codeOf(() => db.get('k1003'))).toBe('LDB_UNSUPPORTED')
    expect(db.has('k1003')).toBe(true)
    expect(db.verify().findings[0]?.message).toContain('codec 140')
    db.put('k1003', 'new')
    db.put('other', 'b' + 'x'.repeat(30_000))
    expect(db.get('other')).toBe('b' + 'x'.repeat(30_000))
    db.compact()
    db.close()
    db = Database.open('data', { ...TREE, vfs, compression: trimming() })
    expect(db.get('k1003')).toBe('new')
    expect(db.get('k1004')).toBe('a' + 'x'.repeat(30_000))
    expect(db.get('other')).toBe('b' + 'x'.repeat(30_000))
    expect(db.verify().ok).toBe(true)
    db.close()
  })

  test('that was chosen with another engine in mind opens a database of any engine', () => {
    const vfs = new MemoryVfs()
    Database.open('data', { ...LSM, vfs, compression: trimming() }).close()
    const db = Database.open('data', { vfs, compression: trimming() })
    fill(db, 5)
    expect(db.keyspaces().map(({ engine, compression }) => [engine, compression])).toEqual([['lsm', 140]])
    db.close()
  })

  test('leaves values with a time to live as they are', () => {
    const vfs = new MemoryVfs()
    const db = Database.open('data', { ...TREE, vfs })
    db.put('k', 'z'.repeat(20_000), { ttlMs: 1000 })
    db.checkpoint()
    expect(db.get('k')).toBe('z'.repeat(20_000))
    db.close()
  })
})

describe('the compression of values in blob files', () => {
  const text = 'all work and no play makes jack a dull boy. '.repeat(1000)
  const blobBytesOf = (db: Database): number => db.stats().blobs?.fileBytes ?? 0

  test.each<['btree' | 'lsm', Compression, boolean]>([
    ['btree', 'none', false],
    ['btree', 'lz4', true],
    ['lsm', 'lz4', true],
    ['btree', 'deflate', true],
    ['lsm', trimming(), false],
  ])('%s, %o', async (engine, compression, isSmaller) => {
    const vfs = new MemoryVfs()
    const options = {
      engine,
      vfs,
      durability: 'periodic',
      ...(typeof compression === 'object' && { compression }),
    } as const
    let db = Database.open('data', { ...options, compression })
    for (let index = 0; index < 20; index++) db.put(`k${index}`, `${index}${text}`)
    db.put('long', text.repeat(30))
    const longBytes = text.length * 30
    const ratio = (blobBytesOf(db) - longBytes) / (20 * text.length)
    if (isSmaller) expect(ratio).toBeLessThan(0.2)
    else expect(ratio).toBeGreaterThan(0.99)
    const check = async (): Promise<void> => {
      for (let index = 1; index < 20; index++) expect(db.get(`k${index}`)).toBe(`${index}${text}`)
      expect(db.get('long')?.length).toBe(longBytes)
      const stream = await db.promises.getStream('k7')
      expect(stream?.byteLength).toBe(text.length + 1)
      const parts: Uint8Array[] = []
      for await (const part of stream!) parts.push(part)
      expect(Buffer.concat(parts).toString()).toBe(`7${text}`)
      expect(db.verify().ok).toBe(true)
    }
    await check()
    // Recovery checks values as they are stored.
    const copy = copyAfterKill(vfs, 'data')
    db.close()
    db = Database.open('data', { ...options, vfs: copy })
    await check()
    for (let index = 0; index < 20; index += 2) db.put(`k${index}`, `${index}${text}`)
    db.delete('long')
    db.checkpoint()
    db.compact()
    for (let index = 1; index < 20; index++) expect(db.get(`k${index}`)).toBe(`${index}${text}`)
    expect(db.verify().ok).toBe(true)
    db.close()
  })

  test('with a codec that was not passed: recovery needs none, and reads are LDB_UNSUPPORTED', () => {
    const vfs = new MemoryVfs()
    const lost = Database.open('data', { vfs, durability: 'periodic', compression: trimming() })
    const value = 'a' + 'x'.repeat(50_000)
    lost.put('k', value)
    const db = Database.open('data', { vfs: copyAfterKill(vfs, 'data') })
    expect(codeOf(() => db.get('k'))).toBe('LDB_UNSUPPORTED')
    const { findings } = db.verify()
    expect(findings.map(({ message }) => message)).toEqual([expect.stringContaining('codec 140')])
    db.keyspace('new', { compression: trimming() })
    expect(db.get('k')).toBe(value)
    db.put('k', 'short')
    expect(db.get('k')).toBe('short')
    db.close()
    lost.close()
  })
})
