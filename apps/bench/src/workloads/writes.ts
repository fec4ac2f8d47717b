import type { Round } from '../model/round.js'
import { SampledLatency } from '../measure/sampled-latency.js'
import type { Store } from '../model/store.js'
import { requireMethods } from '../model/workload.js'
import type { WorkloadContext, Workload } from '../model/workload.js'

const BATCH_ENTRIES = 1000
const COMMITTERS = 256

/** Writes all entries into an empty store, a thousand a commit, in random order; an operation is one entry. */
export const fillRandom: Workload = {
  unsupportedReason: () => undefined,
  async run(bench: WorkloadContext): Promise<Round> {
    const { entryCount } = bench.data
    const latency = new SampledLatency()
    const start = performance.now()
    let before = start
    for (let first = 0; first < entryCount; first += BATCH_ENTRIES) {
      const written = bench.putBatch(first, Math.min(BATCH_ENTRIES, entryCount - first))
      if (written !== undefined) await written
      const now = performance.now()
      latency.add(now - before)
      before = now
    }
    return { operations: entryCount, elapsedMs: before - start, latenciesUs: latency.samplesUs }
  },
}

/** Commits a thousand entries at once, each commit on the device before the next; an operation is one commit. */
export const durableBatch: Workload = {
  unsupportedReason: needsDevice(),
  async run(bench: WorkloadContext, budgetMs: number): Promise<Round> {
    const { entryCount } = bench.data
    const latency = new SampledLatency()
    let operations = 0
    const start = performance.now()
    let before = start
    for (const deadline = start + budgetMs; before < deadline; operations++) {
      const written = bench.putBatch(bench.nextEntryIndex % entryCount, Math.min(BATCH_ENTRIES, entryCount))
      if (written !== undefined) await written
      bench.nextEntryIndex = (bench.nextEntryIndex + BATCH_ENTRIES) % Math.max(1, entryCount - BATCH_ENTRIES)
      const now = performance.now()
      latency.add(now - before)
      before = now
    }
    return { operations, elapsedMs: before - start, latenciesUs: latency.samplesUs }
  },
}

/** Commits one entry after the other, each on the device before the next. */
export const durablePut: Workload = {
  unsupportedReason: needsDevice('put'),
  async run(bench: WorkloadContext, budgetMs: number): Promise<Round> {
    const { store, data } = bench
    const { keys, values, order, entryCount } = data
    const latency = new SampledLatency()
    let operations = 0
    const start = performance.now()
    let before = start
    for (const deadline = start + budgetMs; before < deadline; operations++) {
      const index = order.at(bench.nextEntryIndex++ % entryCount)
      const written = store.put!(keys.of(index), values.of(index))
      if (written !== undefined) await written
      const now = performance.now()
      latency.add(now - before)
      before = now
    }
    return { operations, elapsedMs: before - start, latenciesUs: latency.samplesUs }
  },
}

/** The same by 256 who commit at once, each waiting for its own commit only. */
export const durablePutByMany: Workload = {
  unsupportedReason: needsDevice('putConcurrently'),
  async run(bench: WorkloadContext, budgetMs: number): Promise<Round> {
    const { store, data } = bench
    const { values, order, entryCount } = data
    const value = values.of(0).slice()
    const latency = new SampledLatency()
    let operations = 0
    const start = performance.now()
    const deadline = start + budgetMs
    const commitOnAndOn = async (): Promise<void> => {
      for (let before = start; before < deadline;) {
        await store.putConcurrently!(data.copyKey(order.at(bench.nextEntryIndex++ % entryCount)), value)
        operations++
        const now = performance.now()
        latency.add(now - before)
        before = now
      }
    }
    await Promise.all(Array.from({ length: COMMITTERS }, commitOnAndOn))
    return { operations, elapsedMs: performance.now() - start, latenciesUs: latency.samplesUs }
  },
}

/** Opens a store that was closed cleanly; closing it again is not timed. */
export const openClean: Workload = {
  unsupportedReason: needsDevice('get'),
  async run(bench: WorkloadContext): Promise<Round> {
    await bench.close()
    const start = performance.now()
    await bench.open()
    return { operations: 1, elapsedMs: performance.now() - start }
  },
}

function needsDevice(...methods: (keyof Store)[]): Workload['unsupportedReason'] {
  const lacks = requireMethods(...methods)
  return (store, persistent) => (persistent ? lacks(store, persistent) : 'keeps nothing on a device')
}
