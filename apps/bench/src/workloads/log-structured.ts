import { PICK_MASK, Xorshift } from '../data/random-picks.js'
import { SampledLatency } from '../measure/sampled-latency.js'
import type { Round } from '../model/round.js'
import { requireMethods } from '../model/workload.js'
import type { WorkloadContext, Workload } from '../model/workload.js'

// Loads of stores that write now and merge later.

const BATCH_ENTRIES = 1000
const CHUNK = 64
const SEED = 521_288_629
/** Length of a look at the processor time, and the part of it below which a store is idle. */
const WINDOW_MS = 20
const IDLE_SHARE = 0.1
/** Idle windows after which a store is quiet. */
const IDLE_WINDOWS = 10
/** The share of a store that the queue has deleted. */
const DELETED_SHARE = 0.9
const SEEKS = 200

/** Writes all entries into an empty store, a thousand a commit, in random order, and waits until the store has nothing left to do. */
export const fillUntilQuiet: Workload = {
  unsupportedReason: () => undefined,
  async run(context: WorkloadContext): Promise<Round> {
    return putAll(context, (position) => position)
  },
}

/** Overwrites all entries, a thousand a commit, in another random order, and waits until the store has nothing left to do. */
export const overwriteUntilQuiet: Workload = {
  unsupportedReason: () => undefined,
  async run(context: WorkloadContext): Promise<Round> {
    const { entryCount } = context.data
    return putAll(context, (position) => (position + (entryCount >>> 1)) % entryCount)
  },
}

/** Half gets and half puts of one entry each, uniformly distributed. */
export const mixedHalf: Workload = {
  unsupportedReason: requireMethods('get', 'put'),
  async run(context: WorkloadContext, budgetMs: number): Promise<Round> {
    const { store, data } = context
    const { keys, values, uniform } = data
    const random = new Xorshift(SEED)
    let operations = 0
    const start = performance.now()
    let now = start
    for (const deadline = start + budgetMs; now < deadline; now = performance.now()) {
      for (let i = 0; i < CHUNK; i++) {
        const index = uniform[context.pickIndex++ & PICK_MASK]!
        if (random.next() < 0.5) {
          if (store.get!(keys.of(index)) === undefined) throw new Error('an entry is missing')
          continue
        }
        const written = store.put!(keys.of(index), values.of(index))
        if (written !== undefined) await written
      }
      operations += CHUNK
    }
    return { operations, elapsedMs: now - start }
  },
}

/** Deletes nine of ten entries from the front, and then seeks the first that is left; an operation is one seek. */
export const seekBehindDeletes: Workload = {
  unsupportedReason: requireMethods('deleteBatch', 'range'),
  async run(context: WorkloadContext): Promise<Round> {
    const { store, data } = context
    const { keys, entryCount } = data
    const deletedCount = Math.floor(entryCount * DELETED_SHARE)
    for (let first = context.nextEntryIndex % entryCount; first < deletedCount; first += BATCH_ENTRIES) {
      const end = Math.min(deletedCount, first + BATCH_ENTRIES)
      const deleted = store.deleteBatch!((remove) => {
        for (let index = first; index < end; index++) remove(keys.of(index))
      })
      if (deleted !== undefined) await deleted
    }
    const latency = new SampledLatency()
    const start = performance.now()
    let before = start
    for (let count = 0; count < SEEKS; count++) {
      if ((await store.range!(keys.of(0), 1)) !== 1) throw new Error('the first live entry is missing')
      const now = performance.now()
      latency.add(now - before)
      before = now
    }
    return { operations: SEEKS, elapsedMs: before - start, ...latency.result }
  },
}

async function putAll(context: WorkloadContext, positionOf: (position: number) => number): Promise<Round> {
  const { store, data } = context
  const { keys, values, order, entryCount } = data
  const latency = new SampledLatency()
  const start = performance.now()
  let before = start
  for (let first = 0; first < entryCount; first += BATCH_ENTRIES) {
    const end = Math.min(entryCount, first + BATCH_ENTRIES)
    const written = store.putBatch((put) => {
      for (let position = first; position < end; position++) {
        const index = order.at(positionOf(position))
        put(keys.of(index), values.of(index))
      }
    })
    if (written !== undefined) await written
    const now = performance.now()
    latency.add(now - before)
    before = now
  }
  await store.settle?.()
  const quietAt = await untilQuiet()
  return { operations: entryCount, elapsedMs: quietAt - start, ...latency.result }
}

/** Waits until the process has been idle for a while. Returns when that began. */
async function untilQuiet(): Promise<number> {
  let quietAt = performance.now()
  let used = process.cpuUsage()
  for (let idle = 0; idle < IDLE_WINDOWS;) {
    const windowStart = performance.now()
    await new Promise((resolve) => setTimeout(resolve, WINDOW_MS))
    const { user, system } = process.cpuUsage(used)
    used = process.cpuUsage()
    const now = performance.now()
    const isIdle = (user + system) / 1000 < (now - windowStart) * IDLE_SHARE
    idle = isIdle ? idle + 1 : 0
    if (!isIdle) quietAt = now
  }
  return quietAt
}
