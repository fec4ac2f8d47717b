// Strategy: LSM trees with tiny memtables take the place of the B+tree in a database, under the model suites and a crash at every point
// of a course of commits.
// Invariants: those of a database over B+trees; nothing that a database promises depends on its engine.
import { Database } from '@ldb/core'
import { MemoryVfs } from '@ldb/vfs'
import { describe, expect, test } from 'vitest'
import { crashPlan } from '../src/crash/plan.js'
import { CrashVfs } from '../src/crash/crash-vfs.js'
import { smallLsmEngine } from '../src/subjects/small-lsm-engine.js'
import { runCommandsAsync } from '../src/model/async-model-run.js'
import { runCommands } from '../src/model/model-run.js'
import { modelCase } from '../src/model/model-suite.js'

const TUNING = Symbol.for('ldb.tuning')
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8]

function optionsOf(seed: number, tuning: object = {}): object {
  return { [TUNING]: { engines: { btree: smallLsmEngine(seed) }, preallocateBytes: 0, ...tuning } }
}

describe('a database over LSM trees', () => {
  test('loses nothing to a crash at any point of its flushes, compactions, checkpoints and replays', () => {
    for (let seed = 1; seed <= 12; seed++) crashCourse(seed)
  })

  test.each(SEEDS)('matches the model, seed %i', (seed) => {
    const { settings, commands } = modelCase(seed)
    runCommands({ ...settings, engines: { btree: smallLsmEngine(seed) } }, commands)
  })

  test.each(SEEDS)('matches the model through the asynchronous API, seed %i', async (seed) => {
    const { settings, commands } = modelCase(seed)
    await runCommandsAsync({ ...settings, engines: { btree: smallLsmEngine(seed) } }, commands)
  })
})

/** Commits at `full`, crashes, opens what the crash has left, and crashes that open again. */
function crashCourse(seed: number): void {
  const vfs = new CrashVfs()
  const options = optionsOf(seed, { replayBytes: 4096, checkpointLogBytes: 3000 })
  let db = Database.open('data', { vfs, ...options })
  const expected = new Map<string, string>()
  for (let life = 0; life < 6; life++) {
    for (let index = 0; index < 40; index++) {
      const key = `k${(index * 7 + life) % 60}`
      if (index % 5 === 4) {
        db.deleteRange({ gte: key, lt: `${key}5` })
        for (const each of [...expected.keys()]) if (each >= key && each < `${key}5`) expected.delete(each)
      } else {
        db.put(key, `${life}.${index}`)
        expected.set(key, `${life}.${index}`)
      }
    }
    const kind = life % 2 === 0 ? 'none' : 'all'
    const disk = vfs.image(crashPlan(kind, seed))
    const found = Database.open('data', { vfs: disk, ...optionsOf(seed, { replayBytes: 4096 }) })
    expect(new Map(found.entries().toArray())).toEqual(
      new Map([...expected].sort(([a], [b]) => (a < b ? -1 : 1))),
    )
    expect(found.verify().ok).toBe(true)
    found.close()
  }
  db.close()
  db = Database.open('data', { vfs, ...options })
  expect(new Map(db.entries().toArray())).toEqual(expected)
  db.close()
}

test('both engines in one database share commits, transactions and snapshots, and lose nothing', () => {
  const vfs = new MemoryVfs()
  const open = (): Database => Database.open('data', { vfs })
  let db = open()
  const logs = db.keyspace('logs', { engine: 'lsm' })
  for (let index = 0; index < 500; index++) {
    db.batch().put(`k${index}`, `${index}`).in(logs).put(`l${index}`, `${index}`).commit()
  }
  const snapshot = db.snapshot()
  db.transaction((tx) => {
    tx.deleteRange({ gte: 'k' })
    tx.in(logs).deleteRange({ gte: 'l1', lt: 'l2' })
  })
  expect(snapshot.in(logs).count()).toBe(500)
  expect(snapshot.count()).toBe(500)
  snapshot.release()
  expect([db.count(), logs.count()]).toEqual([0, 389])
  db.close()
  db = open()
  expect(db.keyspace('logs').count()).toBe(389)
  expect(() => db.keyspace('logs', { engine: 'btree' })).toThrow(/engine/)
  expect(db.verify().ok).toBe(true)
  db.compact()
  db.dropKeyspace('logs')
  expect(vfs.list('data/keyspaces')).toEqual(['1'])
  db.close()
})
