// Strategy: file systems that lose what is written, and devices that are full, under backups and restores.
// Invariants: a backup whose files are not what was written has no name. Without space, nothing is written.
import { MemoryVfs } from '@ldb/vfs'
import type { OpenMode, VfsFile } from '@ldb/vfs'
import { expect, test } from 'vitest'
import { AsyncDatabase, Database, isLdbError } from '@ldb/core'
import { FaultyVfs } from '../faulty-vfs.js'
import { contentsAt, contentsOf, fill } from './backup-setup.js'
import { leftOf, partsOf, streamOf } from './stream-setup.js'

/** A file system that writes one byte of a backup wrong. */
class LyingVfs extends MemoryVfs {
  /** The write of which a byte is wrong; counts down. */
  left = Infinity

  override open(path: string, mode: OpenMode): VfsFile {
    const file = super.open(path, mode)
    if (!path.startsWith('backups')) return file
    const write = file.write.bind(file)
    const lie = (bytes: Uint8Array, start: number, byteCount: number, at: number): void => {
      const written = bytes.slice(start, start + byteCount)
      const last = written.length - 1
      if (this.left-- === 0) written[last] = (written[last] as number) ^ 1
      write(written, 0, byteCount, at)
    }
    file.write = lie
    file.writeAsync = async (...parts): Promise<void> => lie(...parts)
    return file
  }
}

test('a backup is read back before it gets its name', async () => {
  let count = 0
  for (let at = 0; ; at++) {
    const vfs = new LyingVfs()
    const db = await AsyncDatabase.open('db', { vfs, blobBytes: 1000 })
    fill(db.sync, 0, 300)
    await db.put('large', 'x'.repeat(5000))
    db.sync.backup('backups', { incremental: true })
    fill(db.sync, 0, 20, 'new')
    vfs.left = at
    const failed = db.backup('backups', { incremental: true }).catch((error: unknown) => error)
    const error = await failed
    await db.close()
    if (vfs.left >= 0) break
    count++
    expect(isLdbError(error, 'LDB_CORRUPTION') && error.details?.file).toMatch(/^backups\/2\.new\//)
    expect(vfs.list('backups')).toEqual(['1'])
  }
  // The log, the catalog and the manifest.
  expect(count).toBe(3)
  const vfs = new LyingVfs()
  const db = Database.open('db', { vfs })
  fill(db, 0, 300)
  vfs.left = 0
  expect(() => db.backup('backups')).toThrow('does not contain what was written')
  expect(vfs.status('backups')).toBeUndefined()
  vfs.left = 0
  // The restore finds it.
  db.backup('backups', { verify: false })
  expect(() => Database.restore('backups', 'restored', { vfs })).toThrow(/damaged|checksum/)
  expect(() => db.backup('other', { verify: 1 } as never)).toThrow('verify must be true or false')
  db.close()
})

test('without space, nothing is written', async () => {
  const vfs = new FaultyVfs()
  const db = Database.open('db', { vfs, workers: 0, archive: { to: 'archive' } })
  fill(db, 0, 2000)
  db.checkpoint()
  const codeOf = async (run: () => unknown): Promise<unknown> => {
    const before = vfs.list('').sort()
    let writes = 0
    vfs.fault = (call, path): undefined => {
      const isChange = call === 'write' || call === 'makeDirectory' || call === 'rename'
      if (isChange && !path.startsWith('db') && !path.startsWith('archive')) writes++
    }
    try {
      await run()
      return undefined
    } catch (error) {
      expect(vfs.list('').sort()).toEqual(before)
      return isLdbError(error) ? `${error.code} ${writes}` : error
    } finally {
      vfs.fault = () => undefined
    }
  }
  let freeBytes = 1000
  Object.assign(vfs, { freeBytes: () => freeBytes })
  expect(await codeOf(() => db.backup('some/where/backups'))).toBe('LDB_NO_SPACE 0')
  expect(await codeOf(() => db.promises.backup('backups'))).toBe('LDB_NO_SPACE 0')
  freeBytes = 1e9
  db.backup('backups', { incremental: true })
  const { bytes } = await streamOf(db)
  // An increment needs less than the database: what it needs is counted when it is not clear.
  freeBytes = 30_000
  fill(db, 0, 20, 'new')
  expect(db.backup('backups', { incremental: true })).toMatchObject({ content: 'commits' })
  db.close()
  const again = Database.open('db', { vfs, workers: 0 })
  fill(again, 0, 20, 'newer')
  again.checkpoint()
  freeBytes = 90_000
  expect(again.backup('backups', { incremental: true })).toMatchObject({ content: 'blocks' })
  for (let index = 0; index < 2000; index += 10)
    again.put(`key${String(index).padStart(6, '0')}`, 'everywhere')
  expect(await codeOf(() => again.backup('other', { incremental: true }))).toBe('LDB_NO_SPACE 0')
  const expected = contentsOf(again)
  again.close()
  const series = Database.open('db', { vfs, workers: 0 })
  expect(await codeOf(() => series.backup('backups', { incremental: true }))).toBe('LDB_NO_SPACE 0')
  freeBytes = 1e9
  series.backup('backups', { incremental: true })
  series.close()
  freeBytes = 20_000
  expect(await codeOf(() => Database.restore('backups', 'some/restored', { vfs }))).toBe('LDB_NO_SPACE 0')
  expect(await codeOf(() => AsyncDatabase.restore('backups', 'restored', { vfs }))).toBe('LDB_NO_SPACE 0')
  // Of a stream, the length is known when it begins.
  expect(await codeOf(() => Database.restore(bytes, 'restored', { vfs }))).toBe('LDB_NO_SPACE 1')
  freeBytes = 1e9
  Database.restore('backups', 'restored', { vfs })
  expect(contentsAt(vfs, 'restored')).toEqual(expected)
})

test('a failure of any call of a restore from a stream leaves nothing', async () => {
  const source = new MemoryVfs()
  const db = Database.open('db', { vfs: source })
  fill(db, 0, 5)
  const expected = contentsOf(db)
  const { bytes } = await streamOf(db)
  db.close()
  for (const call of [
    'open',
    'write',
    'sync',
    'syncAsync',
    'makeDirectory',
    'rename',
    'readAsync',
  ] as const) {
    for (let at = 0; ; at += call === 'write' || call === 'open' || call === 'readAsync' ? 11 : 2) {
      const vfs = new FaultyVfs()
      let left = at
      vfs.fault = (each, path) =>
        each === call && left-- === 0 ? (new Error(`${call} ${path}`) as never) : undefined
      let isRestored = false
      try {
        await Database.restore(partsOf(bytes, 4096), 'restored', { vfs })
        isRestored = true
      } catch {
        expect(vfs.status('restored'), `${call} ${at}`).toBeUndefined()
      }
      vfs.fault = () => undefined
      if (isRestored) expect(contentsAt(vfs, 'restored')).toEqual(expected)
      expect(leftOf(vfs), `${call} ${at}`).toEqual([])
      if (left >= 0) break
    }
  }
})
