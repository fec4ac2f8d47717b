import type { Round } from '../model/round.js'
import { SampledLatency } from '../measure/sampled-latency.js'
import type { Store } from '../model/store.js'
import { requireMethods } from '../model/workload.js'
import type { WorkloadContext, Workload } from '../model/workload.js'

const BATCH_ENTRIES = 1000
const COMMITTERS = 256

/** Writes all entries into an empty store, a thousand per commit, in random order; an operation is one entry. */
export const fillRandom: Workload = {
  unsupportedReason: () => undefined,
  async run(context: WorkloadContext): Promise<Round> {
    const { entryCount } = context.data
    const latency = new SampledLatency()
    const start = performance.now()
    let before = start
    for (let first = 0; first < entryCount; first += BATCH_ENTRIES) {
      const written = context.putBatch(first, Math.min(BATCH_ENTRIES, entryCount - first))
      if (written !== undefined) await written
      const now = performance.now()
      latency.add(now - before)
      before = now
    }
    return { operations: entryCount, elapsedMs: before - start, ...latency.result }
  },
}

/** Passes over the data in a round of overwrites: with a million entries of 100 bytes, LDB makes about two checkpoints. */
const OVERWRITE_PASSES = 2

/**
 * Overwrites entries in random order, one per commit, not synced, without yielding to the event loop where the store has a synchronous
 * put. Its latencies show the stalls of checkpoints and compactions.
 */
export const overwriteRandom: Workload = {
  unsupportedReason: requirePersistence('put'),
  async run(context: WorkloadContext): Promise<Round> {
    const { store, data } = context
    const { keys, values, order, entryCount } = data
    const operations = OVERWRITE_PASSES * entryCount
    const latency = new SampledLatency()
    const start = performance.now()
    let before = start
    for (let count = 0; count < operations; count++) {
      const index = order.at(context.nextEntryIndex++ % entryCount)
      const written = store.put!(keys.of(index), values.of(index))
      if (written !== undefined) await written
      const now = performance.now()
      latency.add(now - before)
      before = now
    }
    return { operations, elapsedMs: before - start, ...latency.result }
  },
}

/** Commits a thousand entries at once and waits for the sync of each commit; an operation is one commit. */
export const durableBatch: Workload = {
  unsupportedReason: requirePersistence(),
  async run(context: WorkloadContext, budgetMs: number): Promise<Round> {
    const { entryCount } = context.data
    const latency = new SampledLatency()
    let operations = 0
    const start = performance.now()
    let before = start
    for (const deadline = start + budgetMs; before < deadline; operations++) {
      const written = context.putBatch(
        context.nextEntryIndex % entryCount,
        Math.min(BATCH_ENTRIES, entryCount),
      )
      if (written !== undefined) await written
      context.nextEntryIndex =
        (context.nextEntryIndex + BATCH_ENTRIES) % Math.max(1, entryCount - BATCH_ENTRIES)
      const now = performance.now()
      latency.add(now - before)
      before = now
    }
    return { operations, elapsedMs: before - start, ...latency.result }
  },
}

/** Commits one entry at a time and waits for its sync. */
export const durablePut: Workload = {
  unsupportedReason: requirePersistence('put'),
  async run(context: WorkloadContext, budgetMs: number): Promise<Round> {
    const { store, data } = context
    const { keys, values, order, entryCount } = data
    const latency = new SampledLatency()
    let operations = 0
    const start = performance.now()
    let before = start
    for (const deadline = start + budgetMs; before < deadline; operations++) {
      const index = order.at(context.nextEntryIndex++ % entryCount)
      const written = store.put!(keys.of(index), values.of(index))
      if (written !== undefined) await written
      const now = performance.now()
      latency.add(now - before)
      before = now
    }
    return { operations, elapsedMs: before - start, ...latency.result }
  },
}

/** Commits one entry at a time through the asynchronous API, and awaits its sync. */
export const durablePutAwaited: Workload = {
  unsupportedReason: requirePersistence('putConcurrently'),
  async run(context: WorkloadContext, budgetMs: number): Promise<Round> {
    const { store, data } = context
    const { values, order, entryCount } = data
    const value = values.of(0).slice()
    const latency = new SampledLatency()
    let operations = 0
    const start = performance.now()
    let before = start
    for (const deadline = start + budgetMs; before < deadline; operations++) {
      await store.putConcurrently!(data.copyKey(order.at(context.nextEntryIndex++ % entryCount)), value)
      const now = performance.now()
      latency.add(now - before)
      before = now
    }
    return { operations, elapsedMs: before - start, ...latency.result }
  },
}

/** Calls a put for every entry without awaiting it, and then awaits all of them; an operation is one put. */
export const putUnawaited: Workload = {
  unsupportedReason: requirePersistence('putConcurrently'),
  async run(context: WorkloadContext): Promise<Round> {
    const { store, data } = context
    const { values, order, entryCount } = data
    const value = values.of(0).slice()
    const puts = new Array<Promise<unknown>>(entryCount)
    const start = performance.now()
    for (let position = 0; position < entryCount; position++)
      puts[position] = store.putConcurrently!(data.copyKey(order.at(position)), value)
    await Promise.all(puts)
    return { operations: entryCount, elapsedMs: performance.now() - start }
  },
}

/** Commits from 256 concurrent committers; each waits for its own commit. */
export const durablePutByMany: Workload = {
  unsupportedReason: requirePersistence('putConcurrently'),
  async run(context: WorkloadContext, budgetMs: number): Promise<Round> {
    const { store, data } = context
    const { values, order, entryCount } = data
    const value = values.of(0).slice()
    const latency = new SampledLatency()
    let operations = 0
    const start = performance.now()
    const deadline = start + budgetMs
    const commitRepeatedly = async (): Promise<void> => {
      for (let before = start; before < deadline;) {
        await store.putConcurrently!(data.copyKey(order.at(context.nextEntryIndex++ % entryCount)), value)
        operations++
        const now = performance.now()
        latency.add(now - before)
        before = now
      }
    }
    await Promise.all(Array.from({ length: COMMITTERS }, commitRepeatedly))
    return { operations, elapsedMs: performance.now() - start, ...latency.result }
  },
}

/** Opens a cleanly closed store; closing is not timed. */
export const openClean: Workload = {
  unsupportedReason: requirePersistence('get'),
  async run(context: WorkloadContext): Promise<Round> {
    await context.close()
    const start = performance.now()
    await context.open()
    return { operations: 1, elapsedMs: performance.now() - start }
  },
}

function requirePersistence(...methods: (keyof Store)[]): Workload['unsupportedReason'] {
  const missingMethods = requireMethods(...methods)
  return (store, persistent) =>
    persistent ? missingMethods(store, persistent) : 'does not write to a device'
}
