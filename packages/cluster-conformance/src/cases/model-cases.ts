import type { ClusterDatabase, ClusterKeyspace, ClusterReads } from '@ldb/cluster'
import { SeededRandom } from '../bed/seeded-random.js'
import type { TestBed } from '../bed/test-bed.js'
import { ensureEqual } from '../bed/violation.js'
import type { NamedCase } from './named-case.js'

/** Keys sort by UTF-16 units as by their bytes. */
const KEYS = ['', 'a', 'a\0', 'aa', 'b', 'ba', 'c', 'd', 'dd', 'e', 'f', 'z']

interface Range {
  readonly gte?: string
  readonly gt?: string
  readonly lt?: string
  readonly lte?: string
  readonly reverse?: boolean
  readonly limit?: number
  readonly offset?: number
}

/** A sorted map that does what a keyspace must do. */
class Model {
  readonly entries: Map<string, string>

  constructor(entries: Iterable<readonly [string, string]> = []) {
    this.entries = new Map(entries)
  }

  scan({ gte, gt, lt, lte, reverse = false, limit = Infinity, offset = 0 }: Range): [string, string][] {
    const inside = [...this.entries]
      .filter(
        ([key]) =>
          (gte === undefined || key >= gte) &&
          (gt === undefined || key > gt) &&
          (lt === undefined || key < lt) &&
          (lte === undefined || key <= lte),
      )
      .sort(([a], [b]) => (a < b ? -1 : 1))
    if (reverse) inside.reverse()
    return inside.slice(offset, offset + limit)
  }

  deleteRange(range: Range): void {
    for (const [key] of this.scan(range)) this.entries.delete(key)
  }
}

/** Writes that keyspaces, transactions and batches have in common. */
interface Writes {
  put(key: string, value: string): unknown
  delete(key: string): unknown
  deleteRange(range: Range): unknown
}

/** Random operations through `ClusterDatabase`, against a sorted map. */
export const MODEL_CASES: readonly NamedCase[] = [
  {
    name: 'random operations give what a sorted map gives',
    run: async (bed, { seed, scale }) => {
      for (let round = 0; round < Math.max(1, Math.round(3 * scale)); round++)
        await runRound(bed, seed * 1_000 + round, 120)
    },
  },
]

async function runRound(bed: TestBed, seed: number, steps: number): Promise<void> {
  const random = new SeededRandom(seed)
  const [db, other] = [await bed.database(), await bed.database()]
  const name = bed.name()
  const keyspace = await db.keyspace(name)
  const same = await other.keyspace(name)
  const model = new Model()
  let number = 0
  const value = (): string => `v${seed}-${number++}`
  for (let step = 0; step < steps; step++) {
    const what = `seed ${seed}, step ${step}`
    const target = random.chance(0.5) ? keyspace : same
    const kind = random.pick([
      'write',
      'write',
      'conditional',
      'read',
      'batch',
      'transaction',
      'snapshot',
    ] as const)
    if (kind === 'write') await writeOnce(random, [target, writesOf(model)], value)
    else if (kind === 'conditional') await conditional(random, target, model, value(), what)
    else if (kind === 'read') await compareReads(random, target, model, what)
    else if (kind === 'batch') await batch(random, target === keyspace ? db : other, target, model, value)
    else if (kind === 'snapshot') await snapshot(random, db, keyspace, model, value, what)
    else await transaction(random, target === keyspace ? db : other, target, model, value, what)
  }
  ensureEqual(await same.entries().toArray(), model.scan({}), `seed ${seed}: the last state`)
}

function writesOf(model: Model): Writes {
  return {
    put: (key, value) => model.entries.set(key, value),
    delete: (key) => model.entries.delete(key),
    deleteRange: (range) => {
      model.deleteRange(range)
    },
  }
}

/** Makes one random write to all targets. */
async function writeOnce(
  random: SeededRandom,
  targets: readonly Writes[],
  value: () => string,
): Promise<void> {
  const key = random.pick(KEYS)
  const kind = random.pick(['put', 'put', 'put', 'delete', 'deleteRange'] as const)
  const written = value()
  const range = { gte: random.pick(KEYS), lt: random.pick(KEYS) }
  for (const target of targets) {
    if (kind === 'put') await target.put(key, written)
    else if (kind === 'delete') await target.delete(key)
    else await target.deleteRange(range)
  }
}

async function conditional(
  random: SeededRandom,
  target: ClusterKeyspace<string, string>,
  model: Model,
  next: string,
  what: string,
): Promise<void> {
  const key = random.pick(KEYS)
  const present = model.entries.get(key)
  const kind = random.pick(['putIfAbsent', 'compareAndSwap', 'update', 'take', 'limited'] as const)
  if (kind === 'putIfAbsent') {
    ensureEqual(await target.putIfAbsent(key, next), present === undefined, `${what}: putIfAbsent`)
    if (present === undefined) model.entries.set(key, next)
  } else if (kind === 'compareAndSwap') {
    const expected = random.pick([present, undefined, 'other'])
    ensureEqual(await target.compareAndSwap(key, expected, next), expected === present, `${what}: swap`)
    if (expected === present) model.entries.set(key, next)
  } else if (kind === 'update') {
    ensureEqual(await target.update(key, (value) => `${value ?? ''}${next}`), `${present ?? ''}${next}`, what)
    model.entries.set(key, `${present ?? ''}${next}`)
  } else if (kind === 'take') {
    ensureEqual(await target.take(key), present, `${what}: take`)
    model.entries.delete(key)
  } else {
    const range = { gte: random.pick(KEYS), limit: random.below(3), reverse: random.chance(0.5) }
    await target.deleteRange(range)
    model.deleteRange(range)
  }
}

async function compareReads(
  random: SeededRandom,
  source: ClusterReads<string, string>,
  model: Model,
  what: string,
): Promise<void> {
  const keys = [random.pick(KEYS), random.pick(KEYS), 'absent']
  const values = keys.map((key) => model.entries.get(key))
  ensureEqual(await source.getMany(keys), values, `${what}: getMany`)
  ensureEqual(await source.has(keys[0] as string), values[0] !== undefined, `${what}: has`)
  const bound = (): string | undefined => (random.chance(0.5) ? random.pick(KEYS) : undefined)
  const given = { gte: bound(), gt: bound(), lt: bound(), lte: bound() }
  const present = Object.fromEntries(Object.entries(given).filter(([, key]) => key !== undefined)) as Range
  const range: Range = {
    ...present,
    reverse: random.chance(0.5),
    ...(random.chance(0.5) && { limit: random.below(5) }),
    ...(random.chance(0.3) && { offset: random.below(3) }),
  }
  const expected = model.scan(range)
  ensureEqual(await source.entries(range).toArray(), expected, `${what}: ${JSON.stringify(range)}`)
  ensureEqual(await source.count(range), expected.length, `${what}: count of ${JSON.stringify(range)}`)
}

async function batch(
  random: SeededRandom,
  db: ClusterDatabase,
  target: ClusterKeyspace<string, string>,
  model: Model,
  value: () => string,
): Promise<void> {
  const writes = db.batch().in(target)
  for (let left = random.below(8); left > 0; left--) await writeOnce(random, [writes, writesOf(model)], value)
  await writes.commit()
}

async function transaction(
  random: SeededRandom,
  db: ClusterDatabase,
  target: ClusterKeyspace<string, string>,
  model: Model,
  value: () => string,
  what: string,
): Promise<void> {
  const isolation = random.pick(['serializable', 'snapshot'] as const)
  const tx = db.begin({ isolation })
  const view = tx.in(target)
  const inside = new Model(model.entries)
  for (let left = random.below(8); left > 0; left--) {
    if (random.chance(0.6)) await writeOnce(random, [view, writesOf(inside)], value)
    else if (random.chance(0.2)) {
      const savepoint = await tx.savepoint()
      await writeOnce(random, [view], value)
      await tx.rollbackTo(savepoint)
    } else await compareReads(random, view, inside, what)
  }
  await compareReads(random, view, inside, what)
  if (random.chance(0.3)) return tx.rollback()
  await tx.commit()
  model.entries.clear()
  for (const [key, written] of inside.entries) model.entries.set(key, written)
}

async function snapshot(
  random: SeededRandom,
  db: ClusterDatabase,
  keyspace: ClusterKeyspace<string, string>,
  model: Model,
  value: () => string,
  what: string,
): Promise<void> {
  const frozen = db.snapshot()
  const before = new Model(model.entries)
  await writeOnce(random, [keyspace, writesOf(model)], value)
  await compareReads(random, frozen.in(keyspace), before, what)
  await frozen.release()
}
