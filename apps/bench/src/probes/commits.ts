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
const COMMITTERS = 256
/** Key, value and the overhead of a log record. */
const RECORD_BYTES = 176
const GROUP_RATIO_AT_LEAST = 50
const FILE_RATIO_AT_MOST = 1.15
const SYNC_RATIO_AT_MOST = 1.1

type Entries = AsyncKeyspace<Uint8Array, Uint8Array>

/** Commits until `untilMs` and returns commits per second. */
type CommitLoop = (untilMs: number) => Promise<number>

/** Commits with durability `full`: 256 committers against one, and one committer against a bare file. */
export const commits: Probe = {
  id: 'commits',
  title: 'Commits synced to the device: 256 committers and one, against a bare file',
  async run(effort, dir): Promise<Finding[]> {
    const db = await AsyncDatabase.open(`${dir}/data`)
    const entries = await db.keyspace('bench', { keys: 'binary', values: 'binary' })
    const file = new BareLog(`${dir}/file`, RECORD_BYTES)
    const data = dataOf(DATA_BYTES)
    const puts = new Puts(entries, data)
    const groups: number[] = []
    const loops = {
      fileSync: commitLoop(async () => file.commit(), 100),
      sync: commitLoop(async () => puts.putSync(), 100),
      fileAsync: commitLoop(() => file.commitAsync(), 1),
      async: commitLoop(() => puts.put(), 1),
      grouped: async (untilMs: number): Promise<number> => {
        const before = db.sync.stats()
        const rates = await Promise.all(Array.from({ length: COMMITTERS }, () => loops.async(untilMs)))
        const after = db.sync.stats()
        groups.push((after.commitCount - before.commitCount) / (after.log.syncCount - before.log.syncCount))
        return rates.reduce((sum, rate) => sum + rate, 0)
      },
    } satisfies Record<string, CommitLoop>
    const rates = await measure(loops, ROUNDS[effort], LOOP_MS[effort])
    await db.close()
    file.close()
    const ratio = (above: number[], below: number[]): number =>
      median(above.map((rate, round) => rate / (below[round] as number)))
    const rate = (name: string, samples: number[]): Finding => ({ name, value: median(samples), unit: '/s' })
    return [
      rate('one committer, bare file, synchronous', rates.fileSync),
      rate('one committer, synchronous API', rates.sync),
      rate('one committer, bare file, asynchronous', rates.fileAsync),
      rate('one committer, asynchronous API', rates.async),
      rate('256 committers, asynchronous API', rates.grouped),
      { name: '256 committers: commits per sync', value: median(groups), unit: '' },
      atLeast('256 committers ÷ one, asynchronous API', ratio(rates.grouped, rates.async)),
      atLeast('256 committers ÷ one, synchronous API', ratio(rates.grouped, rates.sync)),
      atMost('cost of one, synchronous API ÷ bare file', ratio(rates.fileSync, rates.sync)),
      atMost('cost of one, asynchronous API ÷ bare file', ratio(rates.fileAsync, rates.async)),
      {
        ...atMost('cost of one, asynchronous ÷ synchronous API', ratio(rates.sync, rates.async)),
        atMost: SYNC_RATIO_AT_MOST,
      },
    ]
  },
}

/** Puts entries in random order, through the synchronous and the asynchronous API. */
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

/** @param stride - commits between two readings of the clock. */
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

/** Runs the loops in rounds and rotates their order; the first round is a warm-up and is not counted. */
async function measure<Name extends string>(
  loops: Record<Name, CommitLoop>,
  rounds: number,
  loopMs: number,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(loops) as Name[]
  const rates = Object.fromEntries(names.map((name): [Name, number[]] => [name, []])) as Record<
    Name,
    number[]
  >
  for (let round = -1; round < rounds; round++) {
    for (let offset = 0; offset < names.length; offset++) {
      const name = names[(offset + round + 1) % names.length] as Name
      const rate = await loops[name](performance.now() + loopMs)
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
