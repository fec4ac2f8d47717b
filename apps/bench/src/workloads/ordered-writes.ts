import { SampledLatency } from '../measure/sampled-latency.js'
import type { Round } from '../model/round.js'
import { requireMethods } from '../model/workload.js'
import type { Workload, WorkloadContext } from '../model/workload.js'

const SMALL_BATCH = 100
const LARGE_BATCH = 1000

/** Writes all entries into an empty store in key order, a hundred per commit; an operation is one entry. */
export const appendOf100: Workload = {
  unsupportedReason: () => undefined,
  run: (context) => putInOrder(context, SMALL_BATCH),
}

/** The same, a thousand per commit. */
export const appendOf1000: Workload = {
  unsupportedReason: () => undefined,
  run: (context) => putInOrder(context, LARGE_BATCH),
}

/** Overwrites all entries in key order, a thousand per commit; an operation is one entry. */
export const overwriteSorted: Workload = {
  unsupportedReason: () => undefined,
  run: (context) => putInOrder(context, LARGE_BATCH),
}

/** Deletes all entries in key order, a thousand per commit; an operation is one entry. Loading them again is not timed. */
export const deleteSorted: Workload = {
  unsupportedReason: requireMethods('deleteBatch'),
  async run(context: WorkloadContext): Promise<Round> {
    const { store, data } = context
    const { keys, entryCount } = data
    const latency = new SampledLatency()
    const cpuBefore = process.cpuUsage()
    const start = performance.now()
    let before = start
    for (let first = 0; first < entryCount; first += LARGE_BATCH) {
      const end = Math.min(entryCount, first + LARGE_BATCH)
      const deleted = store.deleteBatch!((remove) => {
        for (let index = first; index < end; index++) remove(keys.of(index))
      })
      if (deleted !== undefined) await deleted
      const now = performance.now()
      latency.add(now - before)
      before = now
    }
    const { user, system } = process.cpuUsage(cpuBefore)
    for (let first = 0; first < entryCount; first += LARGE_BATCH) {
      const written = context.putBatch(first, Math.min(LARGE_BATCH, entryCount - first))
      if (written !== undefined) await written
    }
    return {
      operations: entryCount,
      elapsedMs: before - start,
      cpuMs: (user + system) / 1000,
      ...latency.result,
    }
  },
}

/** Deletes the first entry and puts one at the end, each in a commit of its own; an operation is both. */
export const queue: Workload = {
  unsupportedReason: requireMethods('deleteFirst', 'put'),
  async run(context: WorkloadContext, budgetMs: number): Promise<Round> {
    const { store, data } = context
    const { keys, values, entryCount } = data
    const latency = new SampledLatency()
    let operations = 0
    const start = performance.now()
    let before = start
    for (const deadline = start + budgetMs; before < deadline; operations++) {
      const deleted = store.deleteFirst!()
      if (deleted !== undefined) await deleted
      const index = entryCount + context.nextEntryIndex++
      const written = store.put!(keys.of(index), values.of(index))
      if (written !== undefined) await written
      const now = performance.now()
      latency.add(now - before)
      before = now
    }
    return { operations, elapsedMs: before - start, ...latency.result }
  },
}

async function putInOrder({ store, data }: WorkloadContext, batchEntries: number): Promise<Round> {
  const { keys, values, entryCount } = data
  const latency = new SampledLatency()
  const start = performance.now()
  let before = start
  for (let first = 0; first < entryCount; first += batchEntries) {
    const end = Math.min(entryCount, first + batchEntries)
    const written = store.putBatch((put) => {
      for (let index = first; index < end; index++) put(keys.of(index), values.of(index))
    })
    if (written !== undefined) await written
    const now = performance.now()
    latency.add(now - before)
    before = now
  }
  return { operations: entryCount, elapsedMs: before - start, ...latency.result }
}
