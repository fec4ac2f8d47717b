import type { Key } from '../data/keys.js'
import { PICK_MASK } from '../data/random-picks.js'
import { requireMethods } from '../model/workload.js'
import type { WorkloadContext, Workload } from '../model/workload.js'
import type { Round } from '../model/round.js'

const KEYS_A_CALL = 128
const RANGE_ENTRIES = 100
/** Entries at the end of a run have fewer behind them. */
const FEWEST_ENTRIES = 1

/** Gets 128 entries a call, in random order; an operation is one entry. */
export const getMany: Workload = {
  unsupportedReason: requireMethods('getMany'),
  async run(bench: WorkloadContext, budgetMs: number): Promise<Round> {
    const { store, data } = bench
    const { uniform } = data
    const asked: Key[] = []
    let operations = 0
    let at = bench.pickIndex
    const start = performance.now()
    let now = start
    for (const deadline = start + budgetMs; now < deadline; now = performance.now()) {
      asked.length = 0
      for (let i = 0; i < KEYS_A_CALL; i++) asked.push(data.copyKey(uniform[(at + i) & PICK_MASK]!))
      const given = store.getMany!(asked)
      const values = given instanceof Promise ? await given : given
      if (values.length !== KEYS_A_CALL || values[KEYS_A_CALL - 1] === undefined)
        throw new Error('entries are missing')
      at += KEYS_A_CALL
      operations += KEYS_A_CALL
    }
    bench.pickIndex = at & PICK_MASK
    return { operations, elapsedMs: now - start }
  },
}

/** Reads a hundred entries from a random key on; an operation is one range. */
export const rangeOf100: Workload = {
  unsupportedReason: requireMethods('range'),
  async run(bench: WorkloadContext, budgetMs: number): Promise<Round> {
    const { store, data } = bench
    const { keys, uniform } = data
    let operations = 0
    let at = bench.pickIndex
    const start = performance.now()
    let now = start
    for (const deadline = start + budgetMs; now < deadline; now = performance.now()) {
      const given = store.range!(keys.of(uniform[at & PICK_MASK]!), RANGE_ENTRIES)
      const count = typeof given === 'number' ? given : await given
      if (count < FEWEST_ENTRIES || count > RANGE_ENTRIES) throw new Error(`a range of ${count} entries`)
      at++
      operations++
    }
    bench.pickIndex = at & PICK_MASK
    return { operations, elapsedMs: now - start }
  },
}
