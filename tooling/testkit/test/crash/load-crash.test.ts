// Strategy: puts, range deletes, checkpoints and sorted loads over an LSM tree, with images of the disk at every operation, of every mode;
// each image is opened, written to and opened again.
// Invariants: the state is that after one of the calls, the newest acknowledged one or the one in progress: a load is there as a whole or
// not at all (C4), and not taken back (C1, C2). A checkpoint afterwards leaves no file of an interrupted load. Verification finds nothing.
import { Database } from '@ldb/core'
import type { Vfs } from '@ldb/vfs'
import { expect, test } from 'vitest'
import { seededRandom } from '../../src/base/test-random.js'
import type { TestRandom } from '../../src/base/test-random.js'
import { CrashVfs } from '../../src/crash/crash-vfs.js'
import { CANONICAL_MODES, crashPlan, randomCrashPlan } from '../../src/crash/plan.js'
import { smallLsmEngine } from '../../src/subjects/small-lsm-engine.js'
import { reportCounts } from '../counted.js'

const TUNING = Symbol.for('ldb.tuning')
const KEYS = 120
/** Share of the operations at which an image is taken. */
const IMAGE_SHARE = 0.15

type State = ReadonlyMap<string, string>

interface Image {
  readonly disk: CrashVfs
  /** Index of the newest acknowledged state. */
  readonly least: number
  readonly at: string
}

function open(vfs: Vfs, seed: number): Database {
  const tuning = { engines: { btree: smallLsmEngine(seed) }, preallocateBytes: 0, checkpointLogBytes: 4000 }
  return Database.open('data', { vfs, durability: 'full', ...{ [TUNING]: tuning } })
}

function keyOf(index: number): string {
  return `k${String(index).padStart(3, '0')}`
}

/** Runs random calls, and records the state after each; the last one may be in progress. */
class Course {
  readonly states: State[] = [new Map()]
  loadCount = 0
  readonly #db: Database
  readonly #random: TestRandom

  constructor(db: Database, random: TestRandom) {
    this.#db = db
    this.#random = random
  }

  run(callCount: number, acknowledged: (index: number) => void): void {
    for (let call = 0; call < callCount; call++) {
      this.#step()
      acknowledged(this.states.length - 1)
    }
  }

  #step(): void {
    const random = this.#random
    const next = new Map(this.states.at(-1))
    const index = random.between(0, KEYS - 1)
    const kind = random.pick(['put', 'put', 'put', 'delete', 'checkpoint', 'load', 'load'] as const)
    const value = `${kind}${this.states.length} ${'v'.repeat(random.between(0, 60))}`
    if (kind === 'checkpoint') {
      this.#db.checkpoint()
      return
    }
    if (kind === 'put') {
      next.set(keyOf(index), value)
      this.states.push(next)
      this.#db.put(keyOf(index), value)
    } else if (kind === 'delete') {
      const [gte, lt] = [keyOf(index), keyOf(index + 20)]
      for (const key of [...next.keys()]) if (key >= gte && key < lt) next.delete(key)
      this.states.push(next)
      this.#db.deleteRange({ gte, lt })
    } else {
      const entries: [string, string][] = []
      const step = random.between(1, 3)
      for (let each = index; each < Math.min(KEYS, index + 60); each += step)
        entries.push([keyOf(each), value])
      for (const [key] of entries) next.set(key, value)
      this.states.push(next)
      this.#db.load(entries)
      this.loadCount++
    }
  }
}

function contentOf(db: Database): [string, string][] {
  return db.entries().toArray()
}

function sorted(state: State | undefined): [string, string][] {
  return [...(state ?? [])].sort(([a], [b]) => (a < b ? -1 : 1))
}

/** Opens an image, and checks that it is at one of two states; then that recovery has left a database that works. */
function check({ disk, least, at }: Image, states: readonly State[], seed: number): void {
  const db = open(disk, seed)
  const found = JSON.stringify(contentOf(db))
  const candidates = [states[least], states[least + 1]].map((state) => JSON.stringify(sorted(state)))
  expect(candidates, `at ${at}`).toContain(found)
  expect(db.verify().findings, at).toEqual([])
  db.put('after', 'x')
  db.load([['after', 'y']])
  db.checkpoint()
  const tables = disk.list('data/keyspaces/1').filter((name) => name.endsWith('.sst'))
  const levels = db.stats().keyspaces[0]?.levels ?? []
  expect(tables.length, at).toBe(levels.reduce((sum, { tableCount }) => sum + tableCount, 0))
  disk.endProcess()
  const again = open(disk.image(crashPlan('none', seed)), seed)
  expect(again.get('after'), at).toBe('y')
  again.close()
}

test(
  'a load is there as a whole or not at all after a crash at any step',
  { timeout: 300_000 },
  (context) => {
    let imageCount = 0
    let loadCount = 0
    for (let seed = 1; seed <= 6; seed++) {
      const random = seededRandom(seed)
      const disk = new CrashVfs({ seed })
      const images: Image[] = []
      let least = 0
      const db = open(disk, seed)
      disk.onOperation = (operation, order): void => {
        if (!random.chance(IMAGE_SHARE)) return
        const plan = random.chance(0.5)
          ? crashPlan(CANONICAL_MODES[order % CANONICAL_MODES.length] ?? 'none', random.word())
          : randomCrashPlan(random)
        const at = `seed ${seed}, operation ${order}, ${operation.kind} ${operation.path}, ${plan.mode}`
        images.push({ disk: disk.image(plan), least, at })
      }
      const course = new Course(db, random)
      course.run(16, (index) => (least = index))
      disk.onOperation = undefined
      db.close()
      for (const image of images) check(image, course.states, seed)
      imageCount += images.length
      loadCount += course.loadCount
    }
    reportCounts(context, `loads: ${loadCount} loads, ${imageCount} images, 0 violations`)
    expect(loadCount).toBeGreaterThan(15)
  },
)
