// Strategy: a second engine that differs from the B+tree in everything that the store contract leaves open runs alone under the
// suite of stores, and inside a database in place of the B+tree under the model suites, a crash at every point of a course of
// commits, and the rules of removal and verification.
// Invariants: whatever an engine does within the contract, a database keeps its promises: nothing acknowledged is lost, nothing is
// half applied, reads that are interrupted and repeated return what uninterrupted ones do.
import type { CompactionRequest } from '@ldb/base'
import { Database } from '@ldb/core'
import { MemoryVfs } from '@ldb/vfs'
import type { Vfs } from '@ldb/vfs'
import { describe, expect, test } from 'vitest'
import { bytesOf } from '../src/base/byte-text.js'
import { crashPlan } from '../src/crash/plan.js'
import { CrashVfs } from '../src/crash/crash-vfs.js'
import { sortedArrayEngine } from '../src/engine/sorted-array-engine.js'
import { ALL_FREEDOMS, SortedArrayStore } from '../src/engine/sorted-array-store.js'
import { runCommandsAsync } from '../src/model/async-model-run.js'
import { runCommands } from '../src/model/model-run.js'
import { modelCase } from '../src/model/model-suite.js'
import { storeSuite } from '../src/store/suite.js'

const NO_LOG = { segmentId: new Uint8Array(16), sync: () => undefined, syncAsync: () => Promise.resolve() }
const NO_OBSERVER = {
  wantsCheckpoint: () => undefined,
  stalled: () => undefined,
  completed: () => undefined,
  failed: () => undefined,
  healed: () => undefined,
}
const TUNING = Symbol.for('ldb.tuning')
/** The model compares entry counts. */
const COUNTING = { ...ALL_FREEDOMS, estimatesCount: false }
/** Cases of the model suite with a few hundred commands each. */
const MODEL_SEEDS = [1, 2, 3, 4, 5, 6]

function optionsOf(seed: number, tuning: object = {}): object {
  return { [TUNING]: { engines: { btree: sortedArrayEngine(seed) }, preallocateBytes: 0, ...tuning } }
}

describe('the sorted array', () => {
  test.each([1, 2, 3])('keeps the contract of stores, seed %i', (seed) => {
    const maker = {
      name: 'sorted array',
      make: (layer = (below: Vfs): Vfs => below) => {
        const vfs = layer(new MemoryVfs())
        vfs.makeDirectory('array')
        SortedArrayStore.create(vfs, 'array')
        return {
          open: () =>
            SortedArrayStore.open(vfs, 'array', NO_LOG, NO_OBSERVER, seed, {
              readFile: 0.2,
              checkpointItself: 0,
              requestCheckpoint: 0,
              estimatesCount: false,
            }),
        }
      },
    }
    expect(storeSuite(maker, seed, 200).steps).toBe(200)
  })
})

describe('a database over sorted arrays', () => {
  test('owns its files: destroy and drop remove them, and no others', () => {
    const vfs = new MemoryVfs()
    const db = Database.open('data', { vfs, ...optionsOf(1) })
    db.put('a', '1')
    const names = db.keyspace('names')
    for (let index = 0; index < 200; index++) names.put(`k${index}`, 'v')
    expect(vfs.list('data/keyspaces/2')).toContain('array')
    expect(vfs.list('data/keyspaces/2')).not.toContain('tree.ldb')
    db.dropKeyspace('names')
    expect(vfs.list('data/keyspaces')).toEqual(['1'])
    db.close()
  })

  test('counts files and estimates entries as its engine does', () => {
    const vfs = new MemoryVfs()
    using db = Database.open('data', { vfs, ...optionsOf(2) })
    for (let index = 0; index < 9; index++) db.put(`k${index}`, 'v')
    const [stats] = db.stats().keyspaces
    expect([stats?.entryCount, stats?.isEntryCountExact]).toEqual([12, false])
    expect(db.count()).toBe(9)
    const report = db.verify()
    expect(report.ok).toBe(true)
    expect(report.parts.find(({ name }) => name === 'keyspace:default')?.fileCount).toBe(1)
  })

  test('gets the bounds of a compaction, of the default keyspace only', async () => {
    const engine = sortedArrayEngine(4)
    const requests: CompactionRequest[] = []
    const recording = {
      ...engine,
      open: (...args: Parameters<typeof engine.open>) => {
        const store = engine.open(...args)
        const begin = store.beginCompaction.bind(store)
        store.beginCompaction = (request) => {
          if (request.effort === 'full') requests.push(request)
          return begin(request)
        }
        return store
      },
    }
    const vfs = new MemoryVfs()
    const options = { vfs, [TUNING]: { engines: { btree: recording }, preallocateBytes: 0 } }
    const first = Database.open('data', options)
    first.keyspace('other')
    first.close()
    const db = Database.open('data', options)
    db.compact({ gte: 'b', lt: 'd' })
    await db.promises.compact({ prefix: 'x' })
    db.close()
    const bounds = (lower: string, upper: string): object => ({
      lower: bytesOf(lower),
      upper: bytesOf(upper),
    })
    expect(requests.map((request) => request.bounds)).toEqual([
      bounds('b', 'd'),
      undefined,
      bounds('x', 'y'),
      undefined,
    ])
  })

  test('reports its stalls and checkpoints, and gets the ones that it asks for', () => {
    using db = Database.open('data', { vfs: new MemoryVfs(), ...optionsOf(3) })
    const reasons: string[] = []
    let checkpoints = 0
    db.on('stall', ({ reason }) => reasons.push(reason))
    db.on('checkpoint', () => checkpoints++)
    for (let index = 0; index < 500; index++) db.put(`k${index}`, 'v')
    expect(reasons).toContain('sorted array')
    expect(checkpoints).toBeGreaterThan(0)
  })

  test('loses nothing to a crash at any point of its checkpoints and replays', () => {
    for (let seed = 1; seed <= 12; seed++) crashCourse(seed)
  })

  test.each(MODEL_SEEDS)('matches the model, seed %i', (seed) => {
    const { settings, commands } = modelCase(seed)
    runCommands({ ...settings, engines: { btree: sortedArrayEngine(seed, COUNTING) } }, commands)
  })

  test.each(MODEL_SEEDS)('matches the model through the asynchronous API, seed %i', async (seed) => {
    const { settings, commands } = modelCase(seed)
    await runCommandsAsync({ ...settings, engines: { btree: sortedArrayEngine(seed, COUNTING) } }, commands)
  })
})

/** Commits at `full`, crashes, opens what the crash has left, and crashes that open again. */
function crashCourse(seed: number): void {
  const vfs = new CrashVfs()
  const options = optionsOf(seed, { replayBytes: 4096 })
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
    const found = Database.open('data', { vfs: disk, ...optionsOf(seed + life, { replayBytes: 4096 }) })
    expect(new Map(found.entries().toArray())).toEqual(expected)
    expect(found.verify().ok).toBe(true)
    found.close()
  }
  db.close()
  db = Database.open('data', { vfs, ...options })
  expect(new Map(db.entries().toArray())).toEqual(expected)
  db.close()
}
