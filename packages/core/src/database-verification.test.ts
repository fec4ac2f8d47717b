import { MemoryVfs } from '@ldb/vfs'
import { describe, expect, it } from 'vitest'
import { readFile, writeFile } from '../test/directory-tree.js'
import { Database } from './database.js'

function code(expected: string): unknown {
  return expect.objectContaining({ name: 'LdbError', code: expected })
}

describe('verification', () => {
  it('counts every part, reports its progress, and stops at an aborted signal', () => {
    using db = Database.memory()
    for (let number = 0; number < 2_000; number++) db.put(`key${number}`, 'v'.repeat(50))
    const parts = new Set<string>()
    let entryCount = 0
    const report = db.verify({
      onProgress: (progress) => {
        parts.add(progress.part)
        entryCount = progress.entryCount
        expect(() => db.put('a', 'b')).toThrowError(code('LDB_INVALID_ARGUMENT'))
        expect(() => db.checkpoint()).toThrowError(code('LDB_INVALID_ARGUMENT'))
        expect(() => db.close()).toThrowError(code('LDB_INVALID_ARGUMENT'))
        expect(db.get('key7')).toHaveLength(50)
      },
    })
    expect(report.ok).toBe(true)
    expect(report.parts.find(({ name }) => name === 'keyspace:default')?.entryCount).toBe(2_000)
    expect(entryCount).toBeGreaterThanOrEqual(2_000)
    expect([...parts]).toEqual(['catalog', 'log', 'keyspace:default'])
    expect(() => db.verify({ signal: { aborted: true } })).toThrowError(code('LDB_ABORTED'))
    const fault = new Error('mine')
    const throwing = () =>
      db.verify({
        onProgress: () => {
          throw fault
        },
      })
    expect(throwing).toThrow(fault)
    db.put('a', 'b')
    expect(() => db.verify({ onProgress: 5 } as never)).toThrowError(code('LDB_INVALID_ARGUMENT'))
  })

  it('finds a changed byte in the catalog and in pages, of an open and a closed database', () => {
    const vfs = new MemoryVfs()
    const db = Database.open('data', { vfs })
    for (let number = 0; number < 2_000; number++) db.put(`key${number}`, 'v'.repeat(50))
    db.checkpoint()
    const catalog = readFile(vfs, 'data/CATALOG')
    writeFile(vfs, 'data/CATALOG', Uint8Array.of(...catalog.slice(0, -1), 0x7a))
    expect(db.verify().findings).toMatchObject([{ file: 'data/CATALOG' }])
    writeFile(vfs, 'data/CATALOG', catalog)
    db.close()
    const path = 'data/keyspaces/1/tree.ldb'
    const bytes = readFile(vfs, path)
    const middle = bytes.length - 4_000
    bytes[middle] = (bytes[middle] ?? 0) ^ 4
    writeFile(vfs, path, bytes)
    const report = Database.verify('data', { vfs })
    expect(report.ok).toBe(false)
    expect(report.findings[0]).toMatchObject({ file: path })
  })
})
