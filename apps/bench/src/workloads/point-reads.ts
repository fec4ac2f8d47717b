import { PICK_MASK } from '../data/random-picks.js'
import { requireMethods } from '../model/workload.js'
import type { WorkloadContext, Workload } from '../model/workload.js'
import type { Round } from '../model/round.js'

// Each workload has its own copy of the loop, because V8 records type feedback per source position.

const CHUNK = 500

/** Gets entries in random order, as copies. */
export const getRandom: Workload = {
  unsupportedReason: requireMethods('get'),
  run(context: WorkloadContext, budgetMs: number): Round {
    const { store, data } = context
    const { keys, uniform } = data
    let operations = 0
    let pick = context.pickIndex
    const start = performance.now()
    let now = start
    for (const deadline = start + budgetMs; now < deadline; now = performance.now()) {
      for (let i = 0; i < CHUNK; i++) {
        if (store.get!(keys.of(uniform[(pick + i) & PICK_MASK]!)) === undefined) throw missing()
      }
      pick += CHUNK
      operations += CHUNK
    }
    context.pickIndex = pick & PICK_MASK
    return { operations, elapsedMs: now - start }
  },
}

/** Gets entries with a Zipf distribution, as copies. */
export const getZipf: Workload = {
  unsupportedReason: requireMethods('get'),
  run(context: WorkloadContext, budgetMs: number): Round {
    const { store, data } = context
    const { keys, zipf } = data
    let operations = 0
    let pick = context.pickIndex
    const start = performance.now()
    let now = start
    for (const deadline = start + budgetMs; now < deadline; now = performance.now()) {
      for (let i = 0; i < CHUNK; i++) {
        if (store.get!(keys.of(zipf[(pick + i) & PICK_MASK]!)) === undefined) throw missing()
      }
      pick += CHUNK
      operations += CHUNK
    }
    context.pickIndex = pick & PICK_MASK
    return { operations, elapsedMs: now - start }
  },
}

/** Gets the same thousand entries repeatedly, as copies. */
export const getHot: Workload = {
  unsupportedReason: requireMethods('get'),
  run(context: WorkloadContext, budgetMs: number): Round {
    const { store, data } = context
    const { keys, hot } = data
    let operations = 0
    let pick = context.pickIndex
    const start = performance.now()
    let now = start
    for (const deadline = start + budgetMs; now < deadline; now = performance.now()) {
      for (let i = 0; i < CHUNK; i++) {
        if (store.get!(keys.of(hot[(pick + i) & PICK_MASK]!)) === undefined) throw missing()
      }
      pick += CHUNK
      operations += CHUNK
    }
    context.pickIndex = pick & PICK_MASK
    return { operations, elapsedMs: now - start }
  },
}

/** Gets entries in random order, as views that the next call may overwrite. */
export const getBorrowed: Workload = {
  unsupportedReason: requireMethods('getBorrowed'),
  run(context: WorkloadContext, budgetMs: number): Round {
    const { store, data } = context
    const { keys, uniform } = data
    let operations = 0
    let pick = context.pickIndex
    const start = performance.now()
    let now = start
    for (const deadline = start + budgetMs; now < deadline; now = performance.now()) {
      for (let i = 0; i < CHUNK; i++) {
        if (store.getBorrowed!(keys.of(uniform[(pick + i) & PICK_MASK]!)) === undefined) throw missing()
      }
      pick += CHUNK
      operations += CHUNK
    }
    context.pickIndex = pick & PICK_MASK
    return { operations, elapsedMs: now - start }
  },
}

/** Gets absent keys between the present ones, in random order. */
export const getMissing: Workload = {
  unsupportedReason: requireMethods('get'),
  run(context: WorkloadContext, budgetMs: number): Round {
    const { store, data } = context
    const { keys, uniform } = data
    let operations = 0
    let pick = context.pickIndex
    const start = performance.now()
    let now = start
    for (const deadline = start + budgetMs; now < deadline; now = performance.now()) {
      for (let i = 0; i < CHUNK; i++) {
        if (store.get!(keys.absent(uniform[(pick + i) & PICK_MASK]!)) !== undefined) throw unexpected()
      }
      pick += CHUNK
      operations += CHUNK
    }
    context.pickIndex = pick & PICK_MASK
    return { operations, elapsedMs: now - start }
  },
}

/** Generates keys and does nothing else: the overhead that every row of gets includes. */
export const makeKeys: Workload = {
  unsupportedReason: () => undefined,
  run(context: WorkloadContext, budgetMs: number): Round {
    const { keys, uniform } = context.data
    let operations = 0
    let pick = context.pickIndex
    let bytes = 0
    const start = performance.now()
    let now = start
    for (const deadline = start + budgetMs; now < deadline; now = performance.now()) {
      for (let i = 0; i < CHUNK; i++) bytes += keys.of(uniform[(pick + i) & PICK_MASK]!).length
      pick += CHUNK
      operations += CHUNK
    }
    if (bytes === 0) throw unexpected()
    context.pickIndex = pick & PICK_MASK
    return { operations, elapsedMs: now - start }
  },
}

function missing(): Error {
  return new Error('an entry is missing')
}

function unexpected(): Error {
  return new Error('an absent key has a value')
}
