import { AsyncDatabase } from '@ldb/core'
import type { AsyncKeyspace } from '@ldb/core'
import type { BenchData } from '../data/bench-data.js'
import type { Finding, Probe } from '../model/probe.js'
import { median } from '../measure/statistics.js'
import { BareLog } from './bare-log.js'
import { dataOf } from './loading.js'

const MEBIBYTE = 2 ** 20
const DATA_BYTES = 12 * MEBIBYTE
const ROUNDS = { tiny: 2, quick: 5, normal: 11, full: 21 }
const LOOP_MS = { tiny: 20, quick: 250, normal: 500, full: 500 }
const MANY = 256
/** Key, value, and what a record of the log has around them. */
const RECORD_BYTES = 176
const GROUP_RATIO_AT_LEAST = 50
const FILE_RATIO_AT_MOST = 1.15

type Entries = AsyncKeyspace<Uint8Array, Uint8Array>

/** Gives commits a second of one way to commit; each turn of it goes on behind the one before. */
type CommitLoop = (untilMs: number) => Promise<number>

/** Commits at `full`: many committers against one, and one against the bare file. */
export const commits: Probe = {
  id: 'commits',
  title: 'Commits on the device: 256 committers, one, and a bare file beside them',
  async run(effort, dir): Promise<Finding[]> {
    const db = await AsyncDatabase.open(`${dir}/data`)
    const entries = await db.keyspace('bench', { keys: 'binary', values: 'binary' })
    const bare = new BareLog(`${dir}/bare`, RECORD_BYTES)
    const data = dataOf(DATA_BYTES)
    const puts = new Puts(entries, data)
    const groups: number[] = []
    const turns = {
      bareSync: commitLoop(async () => bare.commit(), 100),
      sync: commitLoop(async () => puts.putSync(), 100),
      bareAsync: commitLoop(() => bare.commitAsync(), 1),
      async: commitLoop(() => puts.put(), 1),
      many: async (untilMs: number): Promise<number> => {
        const before = db.sync.stats()
        const rates = await Promise.all(Array.from({ length: MANY }, () => turns.async(untilMs)))
        const after = db.sync.stats()
        groups.push((after.commitCount - before.commitCount) / (after.log.syncCount - before.log.syncCount))
        return rates.reduce((sum, rate) => sum + rate, 0)
      },
    } satisfies Record<string, CommitLoop>
    const rates = await measure(turns, ROUNDS[effort], LOOP_MS[effort])
    await db.close()
    bare.close()
    const ratio = (above: number[], below: number[]): number =>
      median(above.map((rate, round) => rate / (below[round] as number)))
    const rate = (name: string, samples: number[]): Finding => ({ name, value: median(samples), unit: '/s' })
    return [
      rate('one committer, bare file, on the thread', rates.bareSync),
      rate('one committer, sync face', rates.sync),
      rate('one committer, bare file, off the thread', rates.bareAsync),
      rate('one committer, async face', rates.async),
      rate('256 committers, async face', rates.many),
      { name: '256 committers: commits a sync', value: median(groups), unit: '' },
      atLeast('256 committers ÷ one, async face', ratio(rates.many, rates.async)),
      atLeast('256 committers ÷ one, sync face', ratio(rates.many, rates.sync)),
      atMost('cost of one, sync face ÷ bare file', ratio(rates.bareSync, rates.sync)),
      atMost('cost of one, async face ÷ bare file', ratio(rates.bareAsync, rates.async)),
    ]
  },
}

/** Puts entries in random order, on the thread and off it. */
class Puts {
  readonly #entries: Entries
  readonly #data: BenchData
  #next = 0

  constructor(entries: Entries, data: BenchData) {
    this.#entries = entries
    this.#data = data
  }

  put(): Promise<void> {
    const index = this.#index()
    return this.#entries.put(this.#data.keys.of(index) as Uint8Array, this.#data.values.of(index))
  }

  putSync(): void {
    const index = this.#index()
    this.#entries.sync.put(this.#data.keys.of(index) as Uint8Array, this.#data.values.of(index))
  }

  #index(): number {
    return this.#data.order.at(this.#next++ % this.#data.entryCount)
  }
}

/** @param stride - commits between two looks at the clock. */
function commitLoop(commit: () => Promise<void>, stride: number): CommitLoop {
  return async (untilMs) => {
    const start = performance.now()
    let count = 0
    let now = start
    while (now < untilMs) {
      for (let left = stride; left > 0; left--) await commit()
      count += stride
      now = performance.now()
    }
    return count / ((now - start) / 1000)
  }
}

/** Plays the turns in rounds, another one first in each; a round that warms up does not count. */
async function measure<Name extends string>(
  turns: Record<Name, CommitLoop>,
  rounds: number,
  turnMs: number,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(turns) as Name[]
  const rates = Object.fromEntries(names.map((name): [Name, number[]] => [name, []])) as Record<
    Name,
    number[]
  >
  for (let round = -1; round < rounds; round++) {
    for (let place = 0; place < names.length; place++) {
      const name = names[(place + round + 1) % names.length] as Name
      const rate = await turns[name](performance.now() + turnMs)
      if (round >= 0) rates[name].push(rate)
    }
  }
  return rates
}

function atLeast(name: string, value: number): Finding {
  return { name, value, unit: 'x', atLeast: GROUP_RATIO_AT_LEAST }
}

function atMost(name: string, value: number): Finding {
  return { name, value, unit: 'x', atMost: FILE_RATIO_AT_MOST }
}
