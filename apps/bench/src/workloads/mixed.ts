import { PICK_MASK, Xorshift } from '../data/random-picks.js'
import type { Round } from '../model/round.js'
import { SampledLatency } from '../measure/sampled-latency.js'
import type { Store } from '../model/store.js'
import { requireMethods } from '../model/workload.js'
import type { WorkloadContext, Workload } from '../model/workload.js'

// The YCSB workloads with one client. They share one loop, because a process has only one store and its types.

const Kind = { read: 0, update: 1, insert: 2, scan: 3, readModifyWrite: 4, readLatest: 5 } as const
type Kind = (typeof Kind)[keyof typeof Kind]

const CHUNK = 64
const TIMED_EVERY = 8
const SCAN_ENTRIES_MAX = 100
const SEED = 362_436_069

/** Half reads, half updates (YCSB A). */
export const ycsbA: Workload = mix('A', [Kind.read, Kind.update], 50)
/** 95 reads to 5 updates (YCSB B). */
export const ycsbB: Workload = mix('B', [Kind.read, Kind.update], 95)
/** Only reads (YCSB C). */
export const ycsbC: Workload = mix('C', [Kind.read, Kind.read], 100)
/** 95 reads of recently inserted entries to 5 inserts (YCSB D). */
export const ycsbD: Workload = mix('D', [Kind.readLatest, Kind.insert], 95)
/** 95 ranges of up to a hundred entries to 5 inserts (YCSB E). */
export const ycsbE: Workload = mix('E', [Kind.scan, Kind.insert], 95)
/** Half reads, half reads followed by a write of the same entry (YCSB F). */
export const ycsbF: Workload = mix('F', [Kind.read, Kind.readModifyWrite], 50)

function mix(name: string, [often, seldom]: readonly [Kind, Kind], percent: number): Workload {
  const scans = often === Kind.scan
  return {
    unsupportedReason: scans ? requireMethods('get', 'put', 'range') : requireMethods('get', 'put'),
    async run(context: WorkloadContext, budgetMs: number): Promise<Round> {
      const random = new Xorshift(SEED + name.charCodeAt(0))
      const latency = new SampledLatency()
      let operations = 0
      const start = performance.now()
      let now = start
      for (const deadline = start + budgetMs; now < deadline; now = performance.now()) {
        for (let i = 0; i < CHUNK; i++) {
          const kind = random.next() * 100 < percent ? often : seldom
          const timed = i % TIMED_EVERY === 0 && kind !== Kind.read && kind !== Kind.readLatest
          const before = timed ? performance.now() : 0
          const done = step(context, kind, random)
          if (done !== undefined) await done
          if (timed) latency.add(performance.now() - before)
        }
        operations += CHUNK
      }
      return { operations, elapsedMs: now - start, ...latency.result }
    },
  }
}

function step(context: WorkloadContext, kind: Kind, random: Xorshift): void | Promise<unknown> {
  const { store, data } = context
  const { keys, values, zipf } = data
  const pick = zipf[context.pickIndex++ & PICK_MASK]!
  switch (kind) {
    case Kind.read:
      return expectPresent(store.get!(keys.of(pick)))
    case Kind.readLatest:
      return expectPresent(
        store.get!(keys.of(Math.max(0, context.nextEntryIndex - 1 - data.zipfRank(context.pickIndex)))),
      )
    case Kind.update:
      return store.put!(keys.of(pick), values.of(pick))
    case Kind.insert:
      return insert(context, store)
    case Kind.scan:
      return asVoid(store.range!(keys.of(pick), 1 + Math.floor(random.next() * SCAN_ENTRIES_MAX)))
    case Kind.readModifyWrite:
      expectPresent(store.get!(keys.of(pick)))
      return store.put!(keys.of(pick), values.of(pick))
  }
}

function insert(context: WorkloadContext, store: Store): void | Promise<void> {
  const index = context.nextEntryIndex++
  return store.put!(context.data.keys.of(index), context.data.values.of(index))
}

function expectPresent(value: Uint8Array | undefined): void {
  if (value === undefined) throw new Error('an entry is missing')
}

function asVoid(count: number | Promise<number>): void | Promise<unknown> {
  return typeof count === 'number' ? undefined : count
}
