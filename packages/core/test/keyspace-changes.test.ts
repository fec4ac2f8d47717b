// Strategy: keyspaces are created and dropped beside commits, and the process ends at every step of the change of the catalog.
// Invariants: a stream returns the creation and the removal of each keyspace once, in commit order, with a number of its own; the numbers and the
// keyspaces agree after every restart; consumers, backups, restores and repairs keep them.
import { MemoryVfs } from '@ldb/vfs'
import { describe, expect, it } from 'vitest'
import type { Change, CommittedChanges } from '../src/changes/change.js'
import { Database } from '../src/database.js'
import type { DatabaseOptions } from '../src/health/options.js'
import { openDatabase } from '../src/open/opening.js'
import { copyAfterKill } from './directory-tree.js'
import { FaultyVfs } from './faulty-vfs.js'

const TUNING = { pageBytes: 512, checkpointLogBytes: 1 << 20, segmentBytes: 4096, preallocateBytes: 0 }

function open(vfs: MemoryVfs, options: DatabaseOptions = {}): Database {
  return new Database(openDatabase('data', { vfs, cacheBytes: 65_536, ...options }, TUNING))
}

/** Returns the commits in the log after one, up to the newest. */
async function commitsOf(
  db: Database,
  since = 0,
  filter: { keyspace?: never; prefix?: never; keys?: never } = {},
): Promise<CommittedChanges[]> {
  const stream = db.changes({ since, ...filter })
  const commits: CommittedChanges[] = []
  void stream.next().then(function add(result): unknown {
    if (result.done === true) return undefined
    commits.push(result.value)
    return stream.next().then(add)
  })
  for (let round = 0; round < 1000; round += 1) await Promise.resolve()
  await stream.return()
  return commits
}

/** Returns what commits create and drop: `seq kind name`. */
function keyspacesIn(commits: readonly CommittedChanges[]): string[] {
  return commits.flatMap(({ seq, changes }) =>
    changes
      .filter(({ kind }) => kind === 'createKeyspace' || kind === 'dropKeyspace')
      .map(({ kind, keyspace }) => `${seq} ${kind} ${keyspace}`),
  )
}

function namesOf(db: Database): string[] {
  return db.keyspaces().map(({ name }) => name)
}

describe('the creation and the removal of a keyspace', () => {
  it.each([
    ['a database on files', (): Database => open(new MemoryVfs())],
    ['a memory database', (): Database => Database.memory()],
  ])('are commits in the stream of %s', async (_name, make) => {
    const db = make()
    const stream = db.changes()
    db.put('a', '1')
    const users = db.keyspace('users', { engine: 'lsm', keys: 'tuple', values: 'json' })
    users.put(['u'], { name: 'Ada' })
    expect(db.dropKeyspace('users')).toBe(undefined)
    db.keyspace('users')
    db.put('b', '2')
    expect(db.seq).toBe(6)
    const seen: [number, readonly Change[]][] = []
    // The commit of the keyspace that was dropped is obsolete.
    for (let count = 0; count < 5; count += 1) {
      const { value } = await stream.next()
      if (value !== undefined) seen.push([value.seq, value.changes])
    }
    const described = { keyspace: 'users', engine: 'lsm', keys: 'tuple', values: 'json' }
    const again = { kind: 'createKeyspace', keyspace: 'users', engine: 'btree', keys: 'utf8', values: 'utf8' }
    expect(seen).toEqual([
      [1, [{ kind: 'put', keyspace: 'default', key: 'a', value: '1' }]],
      [2, [{ kind: 'createKeyspace', ...described }]],
      [4, [{ kind: 'dropKeyspace', ...described }]],
      [5, [again]],
      [6, [{ kind: 'put', keyspace: 'default', key: 'b', value: '2' }]],
    ])
    await stream.return()
    db.close()
  })
  it('are selected by the keyspace, whatever the keys', async () => {
    const db = open(new MemoryVfs())
    const users = db.keyspace('users')
    const others = db.keyspace('others')
    users.put('a', '1')
    others.put('a', '2')
    db.dropKeyspace('others')
    const filters = [
      { keyspace: users },
      { keyspace: users, prefix: 'x' },
      { keyspace: users, keys: ['a'] },
    ] as const
    const found = await Promise.all(filters.map((filter) => commitsOf(db, 0, filter as object)))
    expect(found.map((commits) => commits.map(({ seq }) => seq))).toEqual([[1, 3], [1], [1, 3]])
    expect(keyspacesIn(await commitsOf(db, 0, { keyspace: others } as object))).toEqual([
      '2 createKeyspace others',
      '5 dropKeyspace others',
    ])
    // A keyspace that is created again is another one.
    const again = db.keyspace('others')
    expect(keyspacesIn(await commitsOf(db, 0, { keyspace: again } as object))).toEqual([
      '6 createKeyspace others',
    ])
    db.close()
  })

  it('resume after their number, over a kill and a restart', async () => {
    const vfs = new MemoryVfs()
    const db = open(vfs)
    db.keyspace('users')
    db.put('a', '1')
    db.dropKeyspace('users')
    const copy = open(copyAfterKill(vfs, 'data'))
    expect(copy.seq).toBe(3)
    expect(keyspacesIn(await commitsOf(copy, 0))).toEqual(['1 createKeyspace users', '3 dropKeyspace users'])
    expect(keyspacesIn(await commitsOf(copy, 1))).toEqual(['3 dropKeyspace users'])
    expect(await commitsOf(copy, 3)).toEqual([])
    copy.put('b', '2')
    expect(copy.seq).toBe(4)
    copy.close()
    db.close()
  })

  it('keep their numbers over a clean close without another commit', () => {
    const vfs = new MemoryVfs()
    for (let round = 1; round <= 3; round += 1) {
      const db = open(vfs)
      expect(db.seq).toBe(2 * (round - 1))
      db.keyspace('users')
      expect(db.seq).toBe(2 * round - 1)
      db.dropKeyspace('users')
      db.close()
    }
    expect(Database.verify('data', { vfs }).findings).toEqual([])
  })

  it('are held back for consumers, and those of their own keyspace are invisible', async () => {
    const vfs = new MemoryVfs()
    const db = open(vfs)
    const stream = db.changes({ consumer: 'mirror', since: 0, acknowledge: 'explicit' })
    db.keyspace('users')
    expect((await stream.next()).value?.changes[0]?.kind).toBe('createKeyspace')
    await stream.acknowledge()
    db.put('a', '1')
    db.dropKeyspace('users')
    db.checkpoint()
    db.close()
    const again = open(vfs)
    const resumed = again.changes({ consumer: 'mirror' })
    expect((await resumed.next()).value?.changes).toMatchObject([{ kind: 'put' }])
    expect((await resumed.next()).value?.changes).toMatchObject([{ kind: 'dropKeyspace', keyspace: 'users' }])
    await resumed.return()
    again.close()
  })

  it('wake a stream that waits, and take effect for later snapshots only', async () => {
    const db = open(new MemoryVfs())
    const stream = db.changes()
    const next = stream.next()
    using before = db.snapshot()
    db.keyspace('users')
    expect((await next).value).toMatchObject({ seq: 1 })
    using after = db.snapshot()
    expect([before.seq, after.seq]).toEqual([0, 1])
    await stream.return()
    db.close()
  })

  it('do not conflict with an open transaction', () => {
    const db = open(new MemoryVfs())
    db.put('a', '1')
    const transaction = db.begin()
    transaction.put('a', `${transaction.get('a') ?? ''}+`)
    db.keyspace('users')
    transaction.commit()
    expect([db.get('a'), db.seq]).toEqual(['1+', 3])
    db.close()
  })
})

describe('after a crash between the catalog and the log', () => {
  /** Runs a step on databases that end before each of its calls of the file system. Calls back with each of them. */
  async function forEachEnd(
    step: (db: Database) => void,
    check: (vfs: MemoryVfs) => Promise<void>,
  ): Promise<number> {
    for (let end = 0; ; end += 1) {
      const vfs = new FaultyVfs()
      const db = open(vfs)
      db.keyspace('kept').put('a', '1')
      let calls = 0
      let copy: MemoryVfs | undefined
      vfs.fault = (): undefined => {
        if (calls++ === end) copy = copyAfterKill(vfs, 'data')
      }
      step(db)
      vfs.fault = (): undefined => undefined
      db.close()
      if (copy === undefined) return end
      await check(copy)
    }
  }

  const steps: Record<string, (db: Database) => void> = {
    creation: (db) => {
      db.keyspace('made', { keys: 'tuple' })
    },
    removal: (db) => {
      db.dropKeyspace('kept')
    },
  }

  it.each(Object.entries(steps))('the %s exists in both or in neither', async (_name, step) => {
    const outcomes = new Set<string>()
    const ends = await forEachEnd(step, async (vfs) => {
      // A read-only opener sees the same as the next writer, and changes nothing.
      const reader = open(vfs, { readOnly: true })
      const seen = [namesOf(reader).join(), reader.seq, ...keyspacesIn(await commitsOf(reader))]
      reader.close()
      const db = open(vfs)
      expect([namesOf(db).join(), db.seq, ...keyspacesIn(await commitsOf(db))]).toEqual(seen)
      outcomes.add(seen.join(' | '))
      db.put('later', '1')
      expect(db.seq).toBe((seen[1] as number) + 1)
      const expected = seen.slice(2)
      db.close()
      const again = open(vfs)
      expect([namesOf(again).join(), again.seq]).toEqual([seen[0], (seen[1] as number) + 1])
      expect(expected.length).toBe(seen[1] === 2 ? 1 : 2)
      again.close()
      expect(Database.verify('data', { vfs }).findings).toEqual([])
    })
    expect(ends).toBeGreaterThan(8)
    expect(outcomes.size).toBe(2)
  })
})

describe('copies of a database', () => {
  it('contain them: a backup that continues with commits', async () => {
    const vfs = new MemoryVfs()
    const db = open(vfs)
    db.keyspace('one')
    const entries = db.batch()
    for (let index = 0; index < 300; index += 1) entries.put(`key ${index}`, 'x'.repeat(50))
    entries.commit()
    db.backup('backups', { incremental: true })
    const base = db.seq
    db.keyspace('two').put('k', '1')
    db.keyspace('three')
    db.dropKeyspace('three')
    // The commit is smaller than the changed pages.
    const scattered = db.batch()
    for (let index = 0; index < 300; index += 10) scattered.put(`key ${index}`, 'y')
    scattered.commit()
    expect([base, db.seq]).toEqual([2, 7])
    expect(db.backup('backups', { incremental: true }).content).toBe('commits')
    db.close()
    const expected: [seq: number, names: string, after: readonly string[]][] = [
      [7, 'default,one,two', ['3 createKeyspace two', '5 createKeyspace three', '6 dropKeyspace three']],
      [6, 'default,one,two', ['3 createKeyspace two', '5 createKeyspace three', '6 dropKeyspace three']],
    ]
    for (const [until, names, after] of expected) {
      const target = `restored ${until}`
      Database.restore('backups', target, { vfs, until })
      using restored = Database.open(target, { vfs })
      expect([restored.seq, namesOf(restored).join()]).toEqual([until, names])
      expect(keyspacesIn(await commitsOf(restored, base)), target).toEqual(after)
      restored.keyspace('later')
      expect(keyspacesIn(await commitsOf(restored, until))).toEqual([`${until + 1} createKeyspace later`])
    }
  })

  it('contain them: an archive', async () => {
    const vfs = new MemoryVfs()
    const db = open(vfs, { archive: { to: 'archive' } })
    db.backup('backups')
    db.keyspace('one').put('k', '1')
    db.keyspace('two').put('k', '1')
    db.dropKeyspace('two')
    db.close()
    const cases: [number | undefined, number, string][] = [
      [undefined, 5, 'default,one'],
      [4, 4, 'default,one,two'],
      [3, 3, 'default,one,two'],
      [2, 2, 'default,one'],
      [1, 1, 'default,one'],
    ]
    for (const [until, seq, names] of cases) {
      const target = `restored ${seq}`
      Database.restore('backups', target, {
        vfs,
        archive: 'archive',
        ...(until === undefined ? {} : { until }),
      })
      using restored = Database.open(target, { vfs })
      expect([restored.seq, namesOf(restored).join()]).toEqual([seq, names])
    }
  })

  it('contain their names, when the catalogs are lost', () => {
    const vfs = new MemoryVfs()
    const db = open(vfs)
    db.keyspace('users', { keys: 'tuple', values: 'json' }).put(['u'], { name: 'Ada' })
    db.keyspace('gone').put('a', '1')
    db.dropKeyspace('gone')
    const copy = copyAfterKill(vfs, 'data')
    db.close()
    for (const name of ['CATALOG', 'CATALOG.copy']) copy.remove(`data/${name}`)
    const report = Database.repair('data', { target: 'repaired', vfs: copy })
    expect(report.keyspaces.map(({ name }) => name)).toEqual(['default', 'users'])
    using repaired = Database.open('repaired', { vfs: copy })
    expect(repaired.keyspace('users', { keys: 'tuple', values: 'json' }).get(['u'])).toEqual({ name: 'Ada' })
  })
})
