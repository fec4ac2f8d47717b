// An archive continues a backup: every commit of a run can be restored, and is the state of the model then. Large values, keyspaces that come
// and go, several processes, increments beside it, damage.
import { ManualTime, MemoryVfs, SeededRandom } from '@ldb/vfs'
import { expect, test } from 'vitest'
import { AsyncDatabase, Database, isLdbError } from '@ldb/core'
import type { RestoreOptions } from '@ldb/core'
import { contentsAt, contentsOf, filesBelow } from './backup-setup.js'

function codeOf(run: () => unknown): string | undefined {
  try {
    run()
    return undefined
  } catch (error) {
    return isLdbError(error) ? error.code : String(error)
  }
}

function onClock(): { readonly vfs: MemoryVfs; readonly time: ManualTime } {
  const time = new ManualTime()
  return { time, vfs: new MemoryVfs({ clock: time, scheduler: time, random: new SeededRandom(3) }) }
}

function restoredAt(vfs: MemoryVfs, options: Omit<RestoreOptions, 'vfs'>): unknown {
  const { seq } = Database.restore('backups', 'restored', { vfs, ...options })
  const found = contentsAt(vfs, 'restored')
  Database.destroy('restored', { vfs })
  return { seq, found }
}

test.each(['btree', 'lsm'] as const)('every commit of a run of engine %s can be restored', (engine) => {
  const vfs = new MemoryVfs()
  const options = { vfs, engine, workers: 0, memtableBytes: 65_536, archive: { to: 'archive' } }
  let db = Database.open('db', options)
  db.put('first', '1')
  db.backup('backups')
  const states = new Map<number, unknown>()
  const note = (): void => {
    states.set(db.seq, contentsOf(db))
  }
  note()
  for (let round = 0; round < 120; round++) {
    if (round % 13 === 5) db.keyspace(`of ${round}`, { engine: round % 2 === 0 ? 'lsm' : 'btree' })
    if (round % 26 === 20) db.dropKeyspace(db.keyspaces().at(-1)?.name ?? '')
    const name = db.keyspaces().at(-1)?.name ?? 'default'
    if (round % 7 === 3) db.keyspace(name).put(`large ${round % 3}`, `${round}`.repeat(30_000))
    else if (round % 11 === 2) db.deleteRange({ gte: 'k3', lt: 'k6' })
    else if (round % 17 === 4) db.put(`k${round % 10}`, `${round}`, { ttlMs: 1e9 })
    else
      db.batch()
        .put(`k${round % 10}`, `${round}`)
        .in(db.keyspace(name))
        .put('b', `${round}`)
        .commit()
    note()
    if (round % 19 === 0) db.checkpoint()
    if (round === 60) {
      db.close()
      db = Database.open('db', options)
    }
    if (round === 80) db.backup('backups', { incremental: true })
  }
  db.close()
  for (const [seq, state] of states) {
    if (seq % 9 !== 0 && seq < db.seq) continue
    expect(restoredAt(vfs, { until: seq, archive: 'archive' }), `commit ${seq}`).toEqual({
      seq,
      found: state,
    })
  }
})

test('a time is restored to a second', () => {
  const { vfs, time } = onClock()
  const db = Database.open('db', { vfs, archive: { to: 'archive' } })
  db.backup('backups')
  const times: number[] = []
  for (let index = 0; index < 6; index++) {
    time.advance(5000)
    times.push(time.now())
    db.put('a', `${index}`)
  }
  db.close()
  for (const [index, ms] of times.entries()) {
    for (const delay of [0, 4999]) {
      const until = new Date(ms + delay)
      expect(restoredAt(vfs, { until, archive: 'archive' })).toMatchObject({ seq: index + 1 })
    }
  }
  expect(codeOf(() => Database.restore('backups', 'x', { vfs, until: new Date(5) }))).toBe(
    'LDB_INVALID_ARGUMENT',
  )
  const before = (): unknown =>
    Database.restore('backups', 'x', { vfs, until: new Date(5), archive: 'archive' })
  expect(before()).toMatchObject({ seq: 0 })
})

test('passes happen in the background, and the lag is known', async () => {
  const { vfs, time } = onClock()
  const db = await AsyncDatabase.open('db', { vfs, archive: { to: 'archive' } })
  await db.put('a', '1')
  expect((await db.stats()).archive).toMatchObject({ seq: 0, failure: undefined })
  for (let turn = 0; turn < 20; turn++) {
    time.advance(200)
    await new Promise(setImmediate)
  }
  expect((await db.stats()).archive).toEqual({ seq: 1, lagBytes: 0, lagMs: 0, failure: undefined })
  await db.close()
})

test('an archive that cannot be written keeps the log, and catches up', () => {
  const vfs = new MemoryVfs()
  vfs.makeDirectory('blocked')
  vfs.open('blocked/archive', 'create').close()
  const warnings: string[] = []
  const warn = (message: string): void => void warnings.push(message)
  const ignore = (): void => undefined
  const logger = { debug: ignore, info: ignore, warn, error: ignore }
  const options = { vfs, logger, archive: { to: 'blocked/archive' } }
  const db = Database.open('db', options)
  db.put('a', '1')
  db.backup('backups')
  db.put('b', '2')
  db.checkpoint()
  expect(db.stats().archive?.failure).toBeDefined()
  expect(warnings).toHaveLength(1)
  db.close()
  vfs.remove('blocked/archive')
  const again = Database.open('db', options)
  again.put('c', '3')
  again.checkpoint()
  expect(again.stats().archive).toMatchObject({ seq: 3, failure: undefined })
  again.close()
  expect(restoredAt(vfs, { archive: 'blocked/archive', until: 2 })).toMatchObject({ seq: 2 })
})

test('a copy of the database that goes on does not mix with the archive', () => {
  const vfs = new MemoryVfs()
  const open = (directory: string): Database => Database.open(directory, { vfs, archive: { to: 'archive' } })
  const db = open('db')
  db.put('a', '1')
  db.close()
  for (const path of filesBelow(vfs, 'db')) {
    const target = `copy${path.slice(2)}`
    const folder = target.slice(0, target.lastIndexOf('/'))
    for (const part of ['copy', folder]) if (vfs.status(part) === undefined) vfs.makeDirectory(part)
    if (!path.endsWith('LOCK')) vfs.copy(path, target)
  }
  const original = open('db')
  original.put('a', 'original')
  original.close()
  const copy = open('copy')
  copy.put('a', 'copy')
  copy.checkpoint()
  expect(copy.stats().archive?.failure).toMatch(/another history/)
  copy.close()
})

test('a bulk load into an LSM tree needs a later backup', () => {
  const vfs = new MemoryVfs()
  const db = Database.open('db', { vfs, engine: 'lsm', workers: 0, archive: { to: 'archive' } })
  db.backup('backups')
  db.load([['a', '1']])
  db.put('b', '2')
  db.close()
  expect(codeOf(() => Database.restore('backups', 'x', { vfs, archive: 'archive' }))).toBe('LDB_UNSUPPORTED')
  expect(vfs.status('x')).toBeUndefined()
})

test('every flipped byte of an archive is found, except in its last commit', () => {
  const vfs = new MemoryVfs()
  const db = Database.open('db', { vfs, archive: { to: 'archive' } })
  db.backup('backups')
  for (let index = 0; index < 12; index++) db.put(`k${index}`, 'v'.repeat(index === 5 ? 20_000 : 40))
  db.close()
  const { seq } = db
  for (const path of filesBelow(vfs, 'archive')) {
    const file = vfs.open(path, 'write')
    const byte = new Uint8Array(1)
    for (let at = 0; at < file.length(); at += at % 3000 < 600 ? 23 : 599) {
      file.read(byte, 0, 1, at)
      byte[0] = (byte[0] as number) ^ 0x40
      file.write(byte, 0, 1, at)
      const code = codeOf(() => restoredAt(vfs, { until: seq - 1, archive: 'archive' }))
      if (code === undefined) expect(at, path).toBeGreaterThan(file.length() - 200)
      else expect(['LDB_CORRUPTION', 'LDB_FORMAT', 'LDB_NOT_FOUND']).toContain(code)
      byte[0] = (byte[0] as number) ^ 0x40
      file.write(byte, 0, 1, at)
    }
    file.close()
  }
})
