// A backup that is restored is the state at its commit: both engines, several keyspaces, large values, entries that expire, databases in
// memory; beside writers; in increments. Failures leave nothing.
import { MemoryVfs } from '@ldb/vfs'
import { describe, expect, test } from 'vitest'
import { AsyncDatabase, Database, isLdbError } from '@ldb/core'
import type { AsyncKeyspaceWrites, BackupReport, LdbErrorCode } from '@ldb/core'
import { deviceError, FaultyVfs } from '../faulty-vfs.js'
import { contentsAt, contentsOf, filesBelow, fill } from './backup-setup.js'

function codeOf(run: () => unknown): LdbErrorCode | undefined {
  try {
    run()
    return undefined
  } catch (error) {
    return isLdbError(error) ? error.code : 'LDB_INVARIANT'
  }
}

/** Opens a database with everything in it that a backup must contain. */
function openFull(vfs: MemoryVfs, engine: 'btree' | 'lsm', entryCount = 1500): Database {
  const db = Database.open('db', { vfs, engine, workers: 0, memtableBytes: 65_536 })
  fill(db, 0, entryCount)
  const other = db.keyspace('other', { engine: engine === 'lsm' ? 'btree' : 'lsm', values: 'binary' })
  other.put('large', new Uint8Array(100_000).fill(7))
  other.put('gone', new Uint8Array(50_000).fill(8))
  other.delete('gone')
  other.put('soon', new Uint8Array(10), { ttlMs: 1e9 })
  db.keyspace('empty')
  db.keyspace('dropped').put('a', 'b')
  db.dropKeyspace('dropped')
  return db
}

describe.each(['btree', 'lsm'] as const)('of engine %s', (engine) => {
  test('a backup is the state at its commit', () => {
    const vfs = new MemoryVfs()
    const db = openFull(vfs, engine)
    const expected = contentsOf(db)
    const { seq } = db
    expect(db.backup('to/backups')).toMatchObject({ seq, number: 1, isIncremental: false })
    fill(db, 0, 3000, 'later')
    expect(Database.restore('to/backups', 'to/restored', { vfs })).toMatchObject({ seq, number: 1 })
    expect(contentsAt(vfs, 'to/restored')).toEqual(expected)
    const restored = Database.open('to/restored', { vfs })
    expect(restored.seq).toBe(seq)
    restored.put('own', 'history')
    restored.keyspace('other', { values: 'binary' }).put('large', new Uint8Array(90_000))
    restored.close()
    expect(Database.verify('to/restored', { vfs }).findings).toEqual([])
    db.close()
  })

  test('commits beside the copy are not part of it', async () => {
    const vfs = new MemoryVfs()
    const db = await AsyncDatabase.open('db', { vfs, engine, workers: 0, memtableBytes: 65_536 })
    const large = await db.keyspace('large')
    const model = new Map<string, string>()
    const commits: (() => void)[] = []
    const put = async (
      key: string,
      value: string,
      to: AsyncKeyspaceWrites<string, string> = db,
    ): Promise<void> => {
      commits.push(() => model.set(to === large ? `large ${key}` : key, value))
      await to.put(key, value)
    }
    const filled: Promise<void>[] = []
    for (let index = 0; index < 1500; index++) filled.push(put(`key${index}`, `${index}`.repeat(1000)))
    for (let index = 0; index < 20; index++)
      filled.push(put(`big ${index}`, `${index} `.repeat(20_000), large))
    await Promise.all(filled)
    let round = 0
    let callCount = 0
    // Checkpoints free the pages of the one that is copied, and the next commits take free pages.
    const onProgress = (): void => {
      if (callCount++ % 4 !== 1) return
      for (let each = 0; each < 40; each++) {
        const key = `key${(round * 331 + each * 37) % 1500}`
        const value = `new ${round} ${each} `.repeat(300)
        commits.push(() => model.set(key, value))
        db.sync.put(key, value, { durability: 'none' })
      }
      const value = `large ${round} `.repeat(3000)
      const name = `big ${round}`
      commits.push(() => model.set(`large ${name}`, value))
      large.writes.put(name, value)
      // The space of the values that are overwritten is collected at once, where nothing holds it.
      if (round % 3 === 1) db.sync.compact()
      else db.sync.checkpoint()
      round++
    }
    const { seq } = await db.backup('backups', { onProgress })
    expect(seq).toBeLessThan(db.seq)
    // The first commit has created the keyspace.
    for (const commit of commits.slice(0, seq - 1)) commit()
    await AsyncDatabase.restore('backups', 'restored', { vfs })
    const restored = Database.open('restored', { vfs })
    const found = new Map(restored.entries().toArray())
    for (const [key, value] of restored.keyspace('large').entries()) found.set(`large ${key}`, value)
    expect(found).toEqual(model)
    restored.close()
    await db.close()
    expect(Database.verify('db', { vfs }).findings).toEqual([])
  })

  test('an increment contains what has changed', () => {
    const vfs = new MemoryVfs()
    const db = Database.open('db', { vfs, engine, workers: 0 })
    fill(db, 0, 20_000)
    const full = db.backup('backups', { incremental: true })
    const states = [contentsOf(db)]
    const increments: BackupReport[] = []
    for (const from of [5000, 9000]) {
      fill(db, from, from + 200, 'new')
      increments.push(db.backup('backups', { incremental: true }))
      states.push(contentsOf(db))
    }
    expect(full.isIncremental).toBe(false)
    for (const { isIncremental, storedBytes } of increments) {
      expect(isIncremental).toBe(true)
      expect(storedBytes).toBeLessThan(0.07 * full.storedBytes)
    }
    for (const [index, seq] of [20_000, 20_200, 20_400].entries()) {
      Database.restore('backups', `restored${index}`, { vfs, until: seq })
      expect(contentsAt(vfs, `restored${index}`)).toEqual(states[index])
    }
    db.close()
  })
})

test('a database in memory is saved', async () => {
  const vfs = new MemoryVfs()
  const db = await AsyncDatabase.memory()
  fill(db.sync, 0, 500)
  db.sync.keyspace('large', { values: 'binary' }).put('a', new Uint8Array(100_000))
  await db.backup('backups', { vfs })
  await db.put('later', 'x')
  const report = await db.backup('backups', { vfs, incremental: true })
  expect(report).toMatchObject({ number: 2, isIncremental: true })
  Database.restore('backups', 'restored', { vfs })
  expect(contentsAt(vfs, 'restored')).toEqual(contentsOf(db.sync))
  await db.close()
})

test('a read-only database is backed up, with the commits that only its log contains', () => {
  const vfs = new MemoryVfs()
  const db = Database.open('db', { vfs })
  fill(db, 0, 100)
  db.checkpoint()
  fill(db, 100, 200)
  const expected = contentsOf(db)
  db.close()
  const reader = Database.open('db', { vfs, readOnly: true })
  reader.backup('backups')
  reader.close()
  Database.restore('backups', 'restored', { vfs })
  expect(contentsAt(vfs, 'restored')).toEqual(expected)
})

test('a restored database continues a series of its own only', () => {
  const vfs = new MemoryVfs()
  const db = Database.open('db', { vfs })
  fill(db, 0, 10)
  db.backup('backups')
  Database.restore('backups', 'restored', { vfs })
  const restored = Database.open('restored', { vfs })
  expect(codeOf(() => restored.backup('backups', { incremental: true }))).toBe('LDB_EXISTS')
  expect(codeOf(() => db.backup('backups'))).toBe('LDB_EXISTS')
  expect(codeOf(() => Database.restore('backups', 'db', { vfs }))).toBe('LDB_EXISTS')
  expect(codeOf(() => Database.restore('backups', 'new', { vfs, until: 11 }))).toBe('LDB_NOT_FOUND')
  expect(codeOf(() => Database.restore('none', 'new', { vfs }))).toBe('LDB_NOT_FOUND')
  restored.close()
  db.close()
})

test('an abort, an error of the callback and a wrong option leave nothing', async () => {
  const vfs = new MemoryVfs()
  const db = await AsyncDatabase.open('db', { vfs })
  fill(db.sync, 0, 2000)
  const abort = new AbortController()
  const onProgress = (): void => {
    abort.abort()
  }
  await expect(db.backup('a', { signal: abort.signal, onProgress })).rejects.toMatchObject({
    code: 'LDB_ABORTED',
  })
  const thrown = new Error('from the callback')
  const fail = (): void => {
    throw thrown
  }
  expect(() => db.sync.backup('a', { onProgress: fail })).toThrow(thrown)
  expect(codeOf(() => db.sync.backup('a', { increment: true } as object))).toBe('LDB_INVALID_ARGUMENT')
  expect(codeOf(() => db.sync.backup('a', { incremental: 1 } as object))).toBe('LDB_INVALID_ARGUMENT')
  expect(vfs.status('a')).toBeUndefined()
  const seen: number[] = []
  await db.backup('a', { onProgress: ({ byteCount, totalBytes }) => seen.push(byteCount / totalBytes) })
  expect(seen.at(-1)).toBe(1)
  expect(seen).toEqual([...seen].sort((left, right) => left - right))
  const second = new AbortController()
  const restoring = AsyncDatabase.restore('a', 'b', {
    vfs,
    signal: second.signal,
    onProgress: () => second.abort(),
  })
  await expect(restoring).rejects.toMatchObject({ code: 'LDB_ABORTED' })
  expect(vfs.list('').filter((name) => name.startsWith('b'))).toEqual([])
  await db.close()
})

test('a failure of any call leaves the source whole, and no half of a backup or of a database', () => {
  const calls = [
    'open',
    'write',
    'sync',
    'makeDirectory',
    'rename',
    'syncDirectory',
    'read',
    'close',
  ] as const
  for (const call of calls) {
    // Most calls are alike.
    const stride = call === 'sync' || call === 'rename' || call === 'syncDirectory' ? 7 : 400
    for (let at = 0; ; at += stride) {
      const vfs = new FaultyVfs()
      const db = openFull(vfs, 'btree', 5)
      db.checkpoint()
      const expected = contentsOf(db)
      let left = at
      let isInjected = false
      vfs.fault = (each, path): ReturnType<typeof deviceError> | undefined => {
        if (each !== call || path.startsWith('db') || left-- !== 0) return undefined
        isInjected = true
        return deviceError('LDB_IO', call, path)
      }
      const isBackedUp = codeOf(() => db.backup('backups')) === undefined
      const isRestored =
        isBackedUp && codeOf(() => Database.restore('backups', 'restored', { vfs })) === undefined
      vfs.fault = () => undefined
      // Only the last sync of a directory comes after the rename.
      if (!isBackedUp && call !== 'syncDirectory')
        expect(vfs.status('backups'), `${call} ${at}`).toBeUndefined()
      if (vfs.status('restored') !== undefined) expect(contentsAt(vfs, 'restored')).toEqual(expected)
      else expect(isRestored).toBe(false)
      expect(contentsOf(db)).toEqual(expected)
      expect(
        filesBelow(vfs, '').filter((path) => path.includes('.restoring-') || path.includes('.new/')),
      ).toEqual([])
      db.close()
      if (!isInjected) break
    }
  }
})

test('a damaged backup does not prevent the restore of an earlier one', () => {
  const vfs = new MemoryVfs()
  const db = Database.open('db', { vfs })
  db.put('a', '1')
  db.backup('backups', { incremental: true })
  db.put('a', '2')
  db.backup('backups', { incremental: true })
  db.close()
  vfs.remove('backups/2/BACKUP')
  expect(codeOf(() => Database.restore('backups', 'restored', { vfs }))).toBe('LDB_CORRUPTION')
  expect(codeOf(() => Database.restore('backups', 'restored', { vfs, until: 2 }))).toBe('LDB_CORRUPTION')
  expect(Database.restore('backups', 'restored', { vfs, until: 1 }).seq).toBe(1)
})

test('a keyspace that is dropped beside the copy is in it, and a close ends the copy', async () => {
  const vfs = new MemoryVfs()
  const db = await AsyncDatabase.open('db', { vfs })
  fill(db.sync, 0, 100)
  db.sync.keyspace('dropped').put('a', 'b')
  let isDropped = false
  const drop = (): void => {
    if (!isDropped) db.sync.dropKeyspace('dropped')
    isDropped = true
  }
  await db.backup('a', { onProgress: drop })
  Database.restore('a', 'restored', { vfs })
  const restored = Database.open('restored', { vfs })
  expect(restored.keyspace('dropped').get('a')).toBe('b')
  restored.close()
  db.sync.keyspace('second').put('a', 'b')
  const close = (): void => {
    if (db.isOpen) {
      db.sync.dropKeyspace('second')
      db.sync.close()
    }
  }
  await expect(db.backup('b', { onProgress: close })).rejects.toMatchObject({ code: 'LDB_CLOSED' })
  expect(vfs.status('b')).toBeUndefined()
  const again = Database.open('db', { vfs })
  expect(again.keyspaces().map(({ name }) => name)).toEqual(['default'])
  again.close()
  expect(vfs.list('db/keyspaces')).toEqual(['1'])
})

test('every flipped byte of a backup is found', () => {
  const vfs = new MemoryVfs()
  const db = openFull(vfs, 'lsm')
  db.backup('backups')
  fill(db, 0, 20, 'new')
  db.backup('backups', { incremental: true })
  db.close()
  const byte = new Uint8Array(1)
  for (const path of filesBelow(vfs, 'backups')) {
    const file = vfs.open(path, 'write')
    const length = file.length()
    for (let at = 0; at < length; at += Math.max(1, Math.floor(length / 12))) {
      file.read(byte, 0, 1, at)
      byte[0] = (byte[0] as number) ^ 0x10
      file.write(byte, 0, 1, at)
      const code = codeOf(() => Database.restore('backups', 'restored', { vfs }))
      if (code === undefined) {
        // A block that the increment has replaced is not read.
        expect(path).toMatch(/^backups\/1\/\d+\.data$/)
        Database.destroy('restored', { vfs })
      } else expect(['LDB_CORRUPTION', 'LDB_FORMAT'], `${path} ${at}`).toContain(code)
      byte[0] = (byte[0] as number) ^ 0x10
      file.write(byte, 0, 1, at)
    }
    file.truncate(length - 1)
    expect(codeOf(() => Database.restore('backups', 'restored', { vfs })) ?? path).toMatch(
      /LDB_CORRUPTION|1\/\d+\.data/,
    )
    if (vfs.status('restored') !== undefined) Database.destroy('restored', { vfs })
    file.truncate(length)
    file.write(byte, 0, 1, length - 1)
    file.close()
  }
})
