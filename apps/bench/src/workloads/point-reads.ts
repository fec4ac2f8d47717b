import { PICK_MASK } from '../data/random-picks.js'
import { needs } from '../run/workload.js'
import type { Bench, Workload } from '../run/workload.js'
import type { Round } from '../run/round.js'

// Each loop has a text of its own, though they look alike: V8 keeps what it learns of types by place in the text.

const CHUNK = 500

/** Gets entries in random order, as safe copies. */
export const getRandom: Workload = {
  lacks: needs('get'),
  run(bench: Bench, budgetMs: number): Round {
    const { store, data } = bench
    const { keys, uniform } = data
    let operations = 0
    let at = bench.at
    const start = performance.now()
    let now = start
    for (const deadline = start + budgetMs; now < deadline; now = performance.now()) {
      for (let i = 0; i < CHUNK; i++) {
        if (store.get!(keys.of(uniform[(at + i) & PICK_MASK]!)) === undefined) throw gone()
      }
      at += CHUNK
      operations += CHUNK
    }
    bench.at = at & PICK_MASK
    return { operations, elapsedMs: now - start }
  },
}

/** Gets entries of which few are popular, as safe copies. */
export const getZipf: Workload = {
  lacks: needs('get'),
  run(bench: Bench, budgetMs: number): Round {
    const { store, data } = bench
    const { keys, zipf } = data
    let operations = 0
    let at = bench.at
    const start = performance.now()
    let now = start
    for (const deadline = start + budgetMs; now < deadline; now = performance.now()) {
      for (let i = 0; i < CHUNK; i++) {
        if (store.get!(keys.of(zipf[(at + i) & PICK_MASK]!)) === undefined) throw gone()
      }
      at += CHUNK
      operations += CHUNK
    }
    bench.at = at & PICK_MASK
    return { operations, elapsedMs: now - start }
  },
}

/** Gets the same thousand entries over and over, as safe copies. */
export const getHot: Workload = {
  lacks: needs('get'),
  run(bench: Bench, budgetMs: number): Round {
    const { store, data } = bench
    const { keys, hot } = data
    let operations = 0
    let at = bench.at
    const start = performance.now()
    let now = start
    for (const deadline = start + budgetMs; now < deadline; now = performance.now()) {
      for (let i = 0; i < CHUNK; i++) {
        if (store.get!(keys.of(hot[(at + i) & PICK_MASK]!)) === undefined) throw gone()
      }
      at += CHUNK
      operations += CHUNK
    }
    bench.at = at & PICK_MASK
    return { operations, elapsedMs: now - start }
  },
}

/** Gets entries in random order, as views that the next call may overwrite. */
export const getBorrowed: Workload = {
  lacks: needs('getBorrowed'),
  run(bench: Bench, budgetMs: number): Round {
    const { store, data } = bench
    const { keys, uniform } = data
    let operations = 0
    let at = bench.at
    const start = performance.now()
    let now = start
    for (const deadline = start + budgetMs; now < deadline; now = performance.now()) {
      for (let i = 0; i < CHUNK; i++) {
        if (store.getBorrowed!(keys.of(uniform[(at + i) & PICK_MASK]!)) === undefined) throw gone()
      }
      at += CHUNK
      operations += CHUNK
    }
    bench.at = at & PICK_MASK
    return { operations, elapsedMs: now - start }
  },
}

/** Asks for keys that lie between those of entries, in random order. */
export const getMissing: Workload = {
  lacks: needs('get'),
  run(bench: Bench, budgetMs: number): Round {
    const { store, data } = bench
    const { keys, uniform } = data
    let operations = 0
    let at = bench.at
    const start = performance.now()
    let now = start
    for (const deadline = start + budgetMs; now < deadline; now = performance.now()) {
      for (let i = 0; i < CHUNK; i++) {
        if (store.get!(keys.absent(uniform[(at + i) & PICK_MASK]!)) !== undefined) throw unexpected()
      }
      at += CHUNK
      operations += CHUNK
    }
    bench.at = at & PICK_MASK
    return { operations, elapsedMs: now - start }
  },
}

/** Makes keys and does nothing with them: what every row of gets pays besides. */
export const makeKeys: Workload = {
  lacks: () => undefined,
  run(bench: Bench, budgetMs: number): Round {
    const { keys, uniform } = bench.data
    let operations = 0
    let at = bench.at
    let bytes = 0
    const start = performance.now()
    let now = start
    for (const deadline = start + budgetMs; now < deadline; now = performance.now()) {
      for (let i = 0; i < CHUNK; i++) bytes += keys.of(uniform[(at + i) & PICK_MASK]!).length
      at += CHUNK
      operations += CHUNK
    }
    if (bytes === 0) throw unexpected()
    bench.at = at & PICK_MASK
    return { operations, elapsedMs: now - start }
  },
}

function gone(): Error {
  return new Error('an entry is not there')
}

function unexpected(): Error {
  return new Error('there is something that nobody has put there')
}
