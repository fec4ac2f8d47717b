import { PICK_MASK } from '../data/random-picks.js'
import { requireMethods } from '../model/workload.js'
import type { WorkloadContext, Workload } from '../model/workload.js'
import type { Round } from '../model/round.js'

// Each loop has a text of its own, though they look alike: V8 keeps what it learns of types by place in the text.

const CHUNK = 500

/** Gets entries in random order, as safe copies. */
export const getRandom: Workload = {
  unsupportedReason: requireMethods('get'),
  run(bench: WorkloadContext, budgetMs: number): Round {
    const { store, data } = bench
    const { keys, uniform } = data
    let operations = 0
    let at = bench.pickIndex
    const start = performance.now()
    let now = start
    for (const deadline = start + budgetMs; now < deadline; now = performance.now()) {
      for (let i = 0; i < CHUNK; i++) {
        if (store.get!(keys.of(uniform[(at + i) & PICK_MASK]!)) === undefined) throw gone()
      }
      at += CHUNK
      operations += CHUNK
    }
    bench.pickIndex = at & PICK_MASK
    return { operations, elapsedMs: now - start }
  },
}

/** Gets entries of which few are popular, as safe copies. */
export const getZipf: Workload = {
  unsupportedReason: requireMethods('get'),
  run(bench: WorkloadContext, budgetMs: number): Round {
    const { store, data } = bench
    const { keys, zipf } = data
    let operations = 0
    let at = bench.pickIndex
    const start = performance.now()
    let now = start
    for (const deadline = start + budgetMs; now < deadline; now = performance.now()) {
      for (let i = 0; i < CHUNK; i++) {
        if (store.get!(keys.of(zipf[(at + i) & PICK_MASK]!)) === undefined) throw gone()
      }
      at += CHUNK
      operations += CHUNK
    }
    bench.pickIndex = at & PICK_MASK
    return { operations, elapsedMs: now - start }
  },
}

/** Gets the same thousand entries over and over, as safe copies. */
export const getHot: Workload = {
  unsupportedReason: requireMethods('get'),
  run(bench: WorkloadContext, budgetMs: number): Round {
    const { store, data } = bench
    const { keys, hot } = data
    let operations = 0
    let at = bench.pickIndex
    const start = performance.now()
    let now = start
    for (const deadline = start + budgetMs; now < deadline; now = performance.now()) {
      for (let i = 0; i < CHUNK; i++) {
        if (store.get!(keys.of(hot[(at + i) & PICK_MASK]!)) === undefined) throw gone()
      }
      at += CHUNK
      operations += CHUNK
    }
    bench.pickIndex = at & PICK_MASK
    return { operations, elapsedMs: now - start }
  },
}

/** Gets entries in random order, as views that the next call may overwrite. */
export const getBorrowed: Workload = {
  unsupportedReason: requireMethods('getBorrowed'),
  run(bench: WorkloadContext, budgetMs: number): Round {
    const { store, data } = bench
    const { keys, uniform } = data
    let operations = 0
    let at = bench.pickIndex
    const start = performance.now()
    let now = start
    for (const deadline = start + budgetMs; now < deadline; now = performance.now()) {
      for (let i = 0; i < CHUNK; i++) {
        if (store.getBorrowed!(keys.of(uniform[(at + i) & PICK_MASK]!)) === undefined) throw gone()
      }
      at += CHUNK
      operations += CHUNK
    }
    bench.pickIndex = at & PICK_MASK
    return { operations, elapsedMs: now - start }
  },
}

/** Asks for keys that lie between those of entries, in random order. */
export const getMissing: Workload = {
  unsupportedReason: requireMethods('get'),
  run(bench: WorkloadContext, budgetMs: number): Round {
    const { store, data } = bench
    const { keys, uniform } = data
    let operations = 0
    let at = bench.pickIndex
    const start = performance.now()
    let now = start
    for (const deadline = start + budgetMs; now < deadline; now = performance.now()) {
      for (let i = 0; i < CHUNK; i++) {
        if (store.get!(keys.absent(uniform[(at + i) & PICK_MASK]!)) !== undefined) throw unexpected()
      }
      at += CHUNK
      operations += CHUNK
    }
    bench.pickIndex = at & PICK_MASK
    return { operations, elapsedMs: now - start }
  },
}

/** Makes keys and does nothing with them: what every row of gets pays besides. */
export const makeKeys: Workload = {
  unsupportedReason: () => undefined,
  run(bench: WorkloadContext, budgetMs: number): Round {
    const { keys, uniform } = bench.data
    let operations = 0
    let at = bench.pickIndex
    let bytes = 0
    const start = performance.now()
    let now = start
    for (const deadline = start + budgetMs; now < deadline; now = performance.now()) {
      for (let i = 0; i < CHUNK; i++) bytes += keys.of(uniform[(at + i) & PICK_MASK]!).length
      at += CHUNK
      operations += CHUNK
    }
    if (bytes === 0) throw unexpected()
    bench.pickIndex = at & PICK_MASK
    return { operations, elapsedMs: now - start }
  },
}

function gone(): Error {
  return new Error('an entry is not there')
}

function unexpected(): Error {
  return new Error('there is something that nobody has put there')
}
