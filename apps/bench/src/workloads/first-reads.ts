import { PICK_MASK } from '../data/random-picks.js'
import type { Round } from '../model/round.js'
import { requireMethods } from '../model/workload.js'
import type { WorkloadContext, Workload } from '../model/workload.js'

// The first gets after an open or a fill, before caches and indexes of the store are warm. The opening and the fill are not measured.
// Each workload has its own copy of the loop, because V8 records type feedback per source position.

/** Gets of a first pass. A slow store stops earlier, after several times the budget. */
const PASS_GETS = 300_000
const BUDGETS_MAX = 5
const CHUNK = 500
const BATCH_ENTRIES = 1000
/** One operation in so many is an overwrite: 3 per cent. */
const FIRST_PUT_EVERY = 33
/** The same for 5 per cent. */
const PUT_EVERY = 20

/** Opens the store and gets entries in random order. */
export const firstReopened: Workload = {
  unsupportedReason: requirePersistentGet('get'),
  async run(context: WorkloadContext, budgetMs: number): Promise<Round> {
    await context.close()
    await context.open()
    const { keys, uniform } = context.data
    const store = context.store
    let operations = 0
    const start = performance.now()
    let now = start
    for (const deadline = start + BUDGETS_MAX * budgetMs; isUnfinished(operations, now, deadline);) {
      for (let i = 0; i < CHUNK; i++) {
        const pick = uniform[(context.pickIndex + i) & PICK_MASK]!
        if (store.get!(keys.of(pick)) === undefined) throw missing()
      }
      context.pickIndex = (context.pickIndex + CHUNK) & PICK_MASK
      operations += CHUNK
      now = performance.now()
    }
    return { operations, elapsedMs: now - start }
  },
}

/** Opens the store and gets entries in the order of their keys. */
export const firstReopenedInOrder: Workload = {
  unsupportedReason: requirePersistentGet('get'),
  async run(context: WorkloadContext, budgetMs: number): Promise<Round> {
    await context.close()
    await context.open()
    const { keys, entryCount } = context.data
    const store = context.store
    let operations = 0
    const start = performance.now()
    let now = start
    for (const deadline = start + BUDGETS_MAX * budgetMs; isUnfinished(operations, now, deadline);) {
      for (let i = 0; i < CHUNK; i++) {
        if (store.get!(keys.of((operations + i) % entryCount)) === undefined) throw missing()
      }
      operations += CHUNK
      now = performance.now()
    }
    return { operations, elapsedMs: now - start }
  },
}

/** Opens the store and gets entries in random order, among them overwrites of 3 per cent, one per commit. */
export const firstReopenedOverwriting: Workload = {
  unsupportedReason: requirePersistentGet('get', 'put'),
  async run(context: WorkloadContext, budgetMs: number): Promise<Round> {
    await context.close()
    await context.open()
    const { keys, values, uniform } = context.data
    const store = context.store
    let operations = 0
    const start = performance.now()
    let now = start
    for (const deadline = start + BUDGETS_MAX * budgetMs; isUnfinished(operations, now, deadline);) {
      for (let i = 0; i < CHUNK; i++) {
        const pick = uniform[(context.pickIndex + i) & PICK_MASK]!
        if ((operations + i) % FIRST_PUT_EVERY === 0) {
          const written = store.put!(keys.of(pick), values.of(pick))
          if (written !== undefined) await written
        } else if (store.get!(keys.of(pick)) === undefined) throw missing()
      }
      context.pickIndex = (context.pickIndex + CHUNK) & PICK_MASK
      operations += CHUNK
      now = performance.now()
    }
    return { operations, elapsedMs: now - start }
  },
}

/** Fills the empty store and gets entries in random order. */
export const firstFilled: Workload = {
  unsupportedReason: requireMethods('get'),
  async run(context: WorkloadContext, budgetMs: number): Promise<Round> {
    const { keys, uniform, entryCount } = context.data
    for (let first = 0; first < entryCount; first += BATCH_ENTRIES) {
      const written = context.putBatch(first, Math.min(BATCH_ENTRIES, entryCount - first))
      if (written !== undefined) await written
    }
    const { store } = context
    let operations = 0
    const start = performance.now()
    let now = start
    for (const deadline = start + BUDGETS_MAX * budgetMs; isUnfinished(operations, now, deadline);) {
      for (let i = 0; i < CHUNK; i++) {
        const pick = uniform[(context.pickIndex + i) & PICK_MASK]!
        if (store.get!(keys.of(pick)) === undefined) throw missing()
      }
      context.pickIndex = (context.pickIndex + CHUNK) & PICK_MASK
      operations += CHUNK
      now = performance.now()
    }
    return { operations, elapsedMs: now - start }
  },
}

/** 95 gets to 5 overwrites, uniformly distributed, on a warm store. */
export const mixedUniform: Workload = {
  unsupportedReason: requireMethods('get', 'put'),
  async run(context: WorkloadContext, budgetMs: number): Promise<Round> {
    const { store, data } = context
    const { keys, values, uniform } = data
    let operations = 0
    const start = performance.now()
    let now = start
    for (const deadline = start + budgetMs; now < deadline; now = performance.now()) {
      for (let i = 0; i < CHUNK; i++) {
        const pick = uniform[(context.pickIndex + i) & PICK_MASK]!
        if (i % PUT_EVERY === 0) {
          const written = store.put!(keys.of(pick), values.of(pick))
          if (written !== undefined) await written
        } else if (store.get!(keys.of(pick)) === undefined) throw missing()
      }
      context.pickIndex = (context.pickIndex + CHUNK) & PICK_MASK
      operations += CHUNK
    }
    return { operations, elapsedMs: now - start }
  },
}

function isUnfinished(operations: number, now: number, deadline: number): boolean {
  return operations < PASS_GETS && now < deadline
}

function requirePersistentGet(...methods: ('get' | 'put')[]): Workload['unsupportedReason'] {
  const missingMethods = requireMethods(...methods)
  return (store, persistent) =>
    persistent ? missingMethods(store, persistent) : 'does not write to a device'
}

function missing(): Error {
  return new Error('an entry is missing')
}
