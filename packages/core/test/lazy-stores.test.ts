/**
 * Strategy: databases of more keyspaces than an open opens, on memory files that record the calls on them, with damaged files, and with
 * snapshots that are older than the first use of a keyspace.
 *
 * Invariants (R10): after a clean close, an open reads no file of a keyspace that it does not change; the first use checks the files as an
 * open would, and fails with the same errors without poisoning the database; checkpoints and later opens lose nothing of a store that
 * was never opened; a snapshot has the state of its call, whenever a keyspace is first used.
 */
import { isLdbError } from '@ldb/base'
import type { LdbErrorCode } from '@ldb/base'
import { ManualTime, MemoryVfs } from '@ldb/vfs'
import { describe, expect, test } from 'vitest'
import { Database } from '../src/database.js'
import { openDatabase } from '../src/open/opening.js'
import { copyAfterKill, readFile, writeFile } from './directory-tree.js'
import { FaultyVfs } from './faulty-vfs.js'
import { filesOf, fileSystemOf, FIXTURE_TIME } from './fixture-files.js'

const COUNT = 12

function fill<T extends MemoryVfs | FaultyVfs>(vfs: T, value = 'first'): T {
  const db = Database.open('data', { vfs })
  for (let number = 0; number < COUNT; number++) db.keyspace(`k${number}`).put('key', value)
  db.checkpoint()
  db.close()
  return vfs
}

function code(expected: LdbErrorCode): unknown {
  return expect.toSatisfy((error) => isLdbError(error, expected))
}

function valuesOf(db: Database): (string | undefined)[] {
  return Array.from({ length: COUNT }, (_, number) => db.keyspace(`k${number}`).get('key'))
}

describe('an open after a clean close', () => {
  test('reads only the files of the keyspaces that it changes', () => {
    const vfs = fill(new FaultyVfs())
    let db = Database.open('data', { vfs })
    db.keyspace('k3').put('key', 'second')
    db.close()
    const opened: string[] = []
    vfs.fault = (call, path): undefined => {
      if (call === 'open' && path.includes('keyspaces')) opened.push(path)
    }
    db = Database.open('data', { vfs })
    expect(new Set(opened)).toEqual(new Set(['data/keyspaces/5/tree.ldb']))
    expect(db.keyspace('k7').get('key')).toBe('first')
    expect(new Set(opened)).toEqual(new Set(['data/keyspaces/5/tree.ldb', 'data/keyspaces/9/tree.ldb']))
    db.keyspace('k1').put('key', 'second')
    db.checkpoint()
    db.close()
    expect(new Set(opened).size).toBe(3)
    using again = Database.open('data', { vfs })
    expect(valuesOf(again).map((value) => value === 'second')).toEqual(
      Array.from({ length: COUNT }, (_, number) => number === 1 || number === 3),
    )
    expect(again.verify()).toMatchObject({ ok: true })
  })

  test('opens all files after an unclean end', () => {
    const source = fill(new MemoryVfs())
    const db = Database.open('data', { vfs: source })
    db.put('key', 'second')
    const vfs = copyAfterKill(source, 'data')
    db.close()
    vfs.remove('data/keyspaces/9/tree.ldb')
    expect(() => Database.open('data', { vfs })).toThrow(code('LDB_CORRUPTION'))
  })

  test('a few keyspaces are opened at once', () => {
    const vfs = fill(new MemoryVfs())
    vfs.remove('data/keyspaces/9/tree.ldb')
    expect(() => openDatabase('data', { vfs }, { openedStoresMax: COUNT + 1 })).toThrow(
      code('LDB_CORRUPTION'),
    )
    Database.open('data', { vfs }).close()
  })
})

describe('the first use of a keyspace', () => {
  const older = readFile(fill(new MemoryVfs({ seed: 1 })), 'data/keyspaces/9/tree.ldb')

  test.each<readonly [string, (vfs: MemoryVfs) => void]>([
    ['is missing', (vfs): void => vfs.remove('data/keyspaces/9/tree.ldb')],
    ['is of another database', (vfs): void => writeFile(vfs, 'data/keyspaces/9/tree.ldb', older)],
    ['is empty', (vfs): void => writeFile(vfs, 'data/keyspaces/9/tree.ldb', new Uint8Array())],
  ])('fails when its file %s, and nothing else does', (_, damage) => {
    const vfs = fill(new MemoryVfs({ seed: 2 }))
    damage(vfs)
    expect(Database.verify('data', { vfs }).findings).toMatchObject([{ file: 'data/keyspaces/9/tree.ldb' }])
    const db = Database.open('data', { vfs })
    const damaged = db.keyspace('k7')
    for (let times = 0; times < 2; times++) {
      expect(() => damaged.get('key')).toThrow(code('LDB_CORRUPTION'))
      expect(() => damaged.put('key', 'second')).toThrow(code('LDB_CORRUPTION'))
      expect(() => db.batch().put('a', 'b').in(damaged).put('key', 'second').commit()).toThrow(
        code('LDB_CORRUPTION'),
      )
      expect(() => db.transaction((transaction) => transaction.in(damaged).put('a', 'b'))).toThrow(
        code('LDB_CORRUPTION'),
      )
      expect(() => {
        db.compact()
      }).toThrow(code('LDB_CORRUPTION'))
    }
    expect(db.verify().findings).toMatchObject([{ file: 'data/keyspaces/9/tree.ldb' }])
    expect(db.has('a')).toBe(false)
    db.keyspace('k8').put('key', 'second')
    db.checkpoint()
    expect(db.snapshot().in(db.keyspace('k8')).get('key')).toBe('second')
    db.dropKeyspace('k7')
    db.close()
    using again = Database.open('data', { vfs })
    expect(again.keyspace('k8').get('key')).toBe('second')
    expect(again.verify().ok).toBe(true)
  })

  test('names the file that is damaged, after the catalog was replaced', () => {
    const vfs = fill(new MemoryVfs())
    vfs.remove('data/keyspaces/9/tree.ldb')
    using db = Database.open('data', { vfs })
    db.keyspace('new').put('key', 'first')
    expect(() => db.keyspace('k7').get('key')).toThrow(
      expect.objectContaining({
        code: 'LDB_CORRUPTION',
        details: expect.objectContaining({ file: 'data/keyspaces/9/tree.ldb' }) as unknown,
      }),
    )
  })

  test('fails when its file is older than the log says (R4), or of another copy (R9)', () => {
    const vfs = fill(new MemoryVfs())
    const old = readFile(vfs, 'data/keyspaces/9/tree.ldb')
    fill(vfs, 'second')
    const newest = readFile(vfs, 'data/keyspaces/9/tree.ldb')
    writeFile(vfs, 'data/keyspaces/9/tree.ldb', old)
    let db = Database.open('data', { vfs })
    expect(() => db.keyspace('k7').get('key')).toThrow('has lost its newest checkpoint')
    db.close()
    writeFile(vfs, 'data/keyspaces/9/tree.ldb', newest)
    const copyOf = (seed: number): MemoryVfs => fileSystemOf(filesOf(vfs, 'data'), 'data', FIXTURE_TIME, seed)
    const [left, right] = [fill(copyOf(1), 'left'), fill(copyOf(2), 'right')]
    writeFile(left, 'data/keyspaces/9/tree.ldb', readFile(right, 'data/keyspaces/9/tree.ldb'))
    db = Database.open('data', { vfs: left })
    expect(() => db.keyspace('k7').get('key')).toThrow('another history')
    db.close()
  })

  test('is answered by the asynchronous API', async () => {
    const db = Database.open('data', { vfs: fill(new MemoryVfs()) }).promises
    expect(await (await db.keyspace('k3')).get('key')).toBe('first')
    const written = await db.keyspace('k4')
    await written.put('key', 'second')
    expect(await written.getMany(['key', 'absent'])).toEqual(['second', undefined])
    expect(await (await db.keyspace('k5')).keys().toArray()).toEqual(['key'])
    await db.close()
  })
})

describe('a snapshot', () => {
  test.each(['before', 'after'])(
    'has the state of its call when a keyspace is used only %s a change',
    (when) => {
      using db = Database.open('data', { vfs: fill(new MemoryVfs()) })
      const snapshot = db.snapshot()
      if (when === 'before') expect(snapshot.in(db.keyspace('k1')).get('key')).toBe('first')
      db.batch().in(db.keyspace('k1')).put('key', 'second').in(db.keyspace('k2')).delete('key').commit()
      const later = db.snapshot()
      db.keyspace('k1').put('key', 'third')
      db.keyspace('k2').clear()
      db.dropKeyspace('k3')
      const made = db.keyspace('made later')
      made.put('key', 'new')
      const kept = db.keyspace('k4')
      db.checkpoint()
      expect(snapshot.in(db.keyspace('k1')).get('key')).toBe('first')
      expect(snapshot.in(db.keyspace('k2')).get('key')).toBe('first')
      expect(snapshot.in(kept).get('key')).toBe('first')
      expect(later.in(db.keyspace('k1')).get('key')).toBe('second')
      expect(later.in(db.keyspace('k2')).get('key')).toBeUndefined()
      expect(() => snapshot.in(made)).toThrow(code('LDB_NOT_FOUND'))
      snapshot.release()
      expect(later.in(db.keyspace('k1')).count()).toBe(1)
      later.release()
      expect(db.keyspace('k1').get('key')).toBe('third')
      expect(db.verify().ok).toBe(true)
    },
  )

  test('keeps a keyspace that is dropped before its first use (K4)', () => {
    using db = Database.open('data', { vfs: fill(new MemoryVfs()) })
    const snapshot = db.snapshot()
    const dropped = db.keyspace('k3')
    db.dropKeyspace('k3')
    expect(snapshot.in(dropped).get('key')).toBe('first')
    snapshot.release()
  })

  test('keeps the time of its call (X2)', () => {
    const time = new ManualTime(1_000_000)
    const vfs = new MemoryVfs({ clock: time, scheduler: time })
    using db = Database.open('data', { vfs })
    const expiring = db.keyspace('expiring', { ttlMs: 1000 })
    expiring.put('key', 'value')
    const snapshot = db.snapshot()
    time.advance(2000)
    expect(expiring.get('key')).toBeUndefined()
    expect(snapshot.in(expiring).get('key')).toBe('value')
    expect(db.snapshot().in(expiring).get('key')).toBeUndefined()
  })

  test('pins no keyspace that it does not read, and that does not change', () => {
    using db = Database.open('data', { vfs: fill(new MemoryVfs()) })
    const snapshot = db.snapshot()
    db.keyspace('k5').put('key', 'second')
    const pinned = db.stats().keyspaces.filter(({ snapshotCount }) => snapshotCount > 0)
    expect(pinned.map(({ name }) => name)).toEqual(['default', 'k5'])
    snapshot.release()
    expect(db.stats().keyspaces.every(({ snapshotCount }) => snapshotCount === 0)).toBe(true)
  })
})
