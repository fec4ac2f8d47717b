import { Database } from '@ldb/core'
import type { BenchData } from '../data/bench-data.js'
import type { Finding, Probe } from '../model/probe.js'
import { PICK_MASK } from '../data/random-picks.js'
import { median } from '../measure/statistics.js'
import { dataOf, load, openDatabase } from './loading.js'
import type { LoadedDatabase } from './loading.js'

const MEBIBYTE = 2 ** 20
const DATA_BYTES = { tiny: MEBIBYTE, quick: 12 * MEBIBYTE, normal: 116 * MEBIBYTE, full: 116 * MEBIBYTE }
const CACHE_BYTES = 512 * MEBIBYTE
const ROUNDS = { tiny: 3, quick: 9, normal: 15, full: 15 }
const RUNS_A_ROUND = { tiny: 100, quick: 5_000, normal: 10_000, full: 10_000 }
const READS = 10
const RATIO_AT_MOST = 2.5

/** A serializable transaction of ten reads and two writes, against the same reads and a batch of the two writes. */
export const transactionCost: Probe = {
  id: 'transactions-cost',
  title: 'Serializable transaction of 10 reads and 2 writes, against the same reads and a batch',
  async run(effort, dir): Promise<Finding[]> {
    const data = dataOf(DATA_BYTES[effort])
    const files = openDatabase(`${dir}/data`, CACHE_BYTES)
    const db = Database.memory({ cacheBytes: CACHE_BYTES })
    const inMemory = { db, entries: db.keyspace('bench', { keys: 'binary', values: 'binary' }) }
    const stores = [
      { name: 'in memory', loaded: { ...inMemory, data } },
      { name: 'on files, not synced', loaded: { ...files, data } },
    ]
    const findings: Finding[] = []
    for (const { name, loaded } of stores) {
      load(loaded)
      findings.push(...compare(name, loaded, ROUNDS[effort], RUNS_A_ROUND[effort]))
      loaded.db.close()
    }
    return findings
  },
}

function compare(name: string, loaded: LoadedDatabase, rounds: number, runs: number): Finding[] {
  const [transactions, batches, ratios]: number[][] = [[], [], []]
  for (let round = -2; round < rounds; round++) {
    // Alternates which of the two runs first.
    const isFirst = round % 2 === 0
    const early = isFirst ? runTransactions(loaded, round + 2, runs) : undefined
    const batched = runBatches(loaded, round + 2, runs)
    const transacted = early ?? runTransactions(loaded, round + 2, runs)
    if (round < 0) continue
    transactions?.push(transacted)
    batches?.push(batched)
    ratios?.push(transacted / batched)
  }
  return [
    { name: `${name}: a transaction`, value: median(transactions ?? []), unit: 'ns' },
    { name: `${name}: reads and a batch`, value: median(batches ?? []), unit: 'ns' },
    { name: `${name}: ratio`, value: median(ratios ?? []), unit: 'x', atMost: RATIO_AT_MOST },
  ]
}

/** Returns nanoseconds per transaction. */
function runTransactions({ db, entries, data }: LoadedDatabase, round: number, runs: number): number {
  const { keys, values } = data
  let pick = round * runs * READS
  const start = performance.now()
  for (let run = 0; run < runs; run++) {
    db.transaction((tx) => {
      const view = tx.in(entries)
      for (let read = 0; read < READS; read++) {
        if (view.get(keyAt(data, pick++)) === undefined) throw new Error('an entry is missing')
      }
      const [first, second] = [indexAt(data, pick - 1), indexAt(data, pick - 2)]
      view.put(keys.of(first) as Uint8Array, values.of(first))
      view.put(keys.of(second) as Uint8Array, values.of(second))
    })
  }
  return ((performance.now() - start) * 1e6) / runs
}

/** Returns nanoseconds per batch with its reads. */
function runBatches({ db, entries, data }: LoadedDatabase, round: number, runs: number): number {
  const { keys, values } = data
  let pick = round * runs * READS
  const start = performance.now()
  for (let run = 0; run < runs; run++) {
    for (let read = 0; read < READS; read++) {
      if (entries.get(keyAt(data, pick++)) === undefined) throw new Error('an entry is missing')
    }
    const [first, second] = [indexAt(data, pick - 1), indexAt(data, pick - 2)]
    const batch = db.batch().in(entries)
    batch.put(keys.of(first) as Uint8Array, values.of(first))
    batch.put(keys.of(second) as Uint8Array, values.of(second))
    batch.commit()
  }
  return ((performance.now() - start) * 1e6) / runs
}

function keyAt(data: BenchData, pick: number): Uint8Array {
  return data.keys.of(indexAt(data, pick)) as Uint8Array
}

function indexAt(data: BenchData, pick: number): number {
  return data.uniform[pick & PICK_MASK] as number
}
