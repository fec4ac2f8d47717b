import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { IntervalHistogram } from 'node:perf_hooks'
import { AsyncDatabase } from '@ldb/core'
import type { AsyncKeyspace, DatabaseOptions } from '@ldb/core'
import type { BenchData } from '../data/bench-data.js'
import type { Finding, Probe } from '../model/probe.js'
import { dataOf, load, openDatabase } from './loading.js'

const MEBIBYTE = 2 ** 20
const DATA_BYTES = { tiny: 2 * MEBIBYTE, quick: 48 * MEBIBYTE, normal: 116 * MEBIBYTE, full: 1160 * MEBIBYTE }
const CACHE_SHARE = 10
const CACHE_BYTES_MIN = 2 ** 20
const LOADING_CACHE_BYTES = 512 * MEBIBYTE
const WINDOW_MS = { tiny: 300, quick: 6_000, normal: 20_000, full: 60_000 }
/** Small enough that some checkpoints run within the window. */
const CHECKPOINT_LOG_BYTES = { tiny: 2 ** 18, quick: 2 * MEBIBYTE, normal: 8 * MEBIBYTE, full: 16 * MEBIBYTE }
const SCANS = 4
const WRITERS = 16
const P99_MS_AT_MOST = 20
const MAX_MS_AT_MOST = 100
const PER_MS = 1e6

type Entries = AsyncKeyspace<Uint8Array, Uint8Array>

/** Delay of the event loop during scans of data larger than the cache, synced writes and checkpoints. */
export const eventLoop: Probe = {
  id: 'event-loop',
  title: 'Event-loop delay: 4 scans of 10x the cache, 16 synced writers, checkpoints',
  async run(effort, dir): Promise<Finding[]> {
    const path = `${dir}/data`
    const data = dataOf(DATA_BYTES[effort])
    const loading = openDatabase(path, LOADING_CACHE_BYTES)
    load({ ...loading, data })
    loading.db.checkpoint()
    const { keyspaces } = loading.db.stats()
    const liveBytes = keyspaces.reduce((sum, keyspace) => sum + keyspace.liveBytes, 0)
    loading.db.close()
    const options: DatabaseOptions & Record<symbol, unknown> = {
      cacheBytes: Math.max(CACHE_BYTES_MIN, Math.floor(liveBytes / CACHE_SHARE)),
      [Symbol.for('ldb.tuning')]: { checkpointLogBytes: CHECKPOINT_LOG_BYTES[effort] },
    }
    const db = await AsyncDatabase.open(path, options)
    const entries = await db.keyspace('bench', { keys: 'binary', values: 'binary' })
    const work = new Load(entries, data, performance.now() + WINDOW_MS[effort])
    const delay = monitorEventLoopDelay({ resolution: 1 })
    const start = performance.now()
    delay.enable()
    await work.run()
    delay.disable()
    const seconds = (performance.now() - start) / 1000
    const { checkpoints } = db.sync.stats()
    await db.close()
    return [
      { name: 'entries ÷ cache', value: liveBytes / options.cacheBytes!, unit: 'x', atLeast: CACHE_SHARE },
      { name: 'entries scanned', value: work.scannedCount / seconds, unit: '/s' },
      { name: 'entries written', value: work.writtenCount / seconds, unit: '/s' },
      { name: 'checkpoints in the window', value: checkpoints.count, unit: '', atLeast: 1 },
      ...findingsOf(delay),
    ]
  },
}

function findingsOf(delay: IntervalHistogram): Finding[] {
  return [
    { name: 'delay, p50', value: delay.percentile(50) / PER_MS, unit: 'ms' },
    { name: 'delay, p99', value: delay.percentile(99) / PER_MS, unit: 'ms', atMost: P99_MS_AT_MOST },
    { name: 'delay, p99.9', value: delay.percentile(99.9) / PER_MS, unit: 'ms' },
    { name: 'delay, maximum', value: delay.max / PER_MS, unit: 'ms', atMost: MAX_MS_AT_MOST },
  ]
}

/** Scans and writes concurrently until a deadline. */
class Load {
  scannedCount = 0
  writtenCount = 0
  readonly #entries: Entries
  readonly #data: BenchData
  readonly #untilMs: number

  constructor(entries: Entries, data: BenchData, untilMs: number) {
    this.#entries = entries
    this.#data = data
    this.#untilMs = untilMs
  }

  async run(): Promise<void> {
    await Promise.all([
      ...Array.from({ length: SCANS }, () => this.#scan()),
      ...Array.from({ length: WRITERS }, () => this.#write()),
    ])
  }

  async #scan(): Promise<void> {
    while (!this.#isOver()) {
      for await (const [key, value] of this.#entries.entries()) {
        if (key.length + value.length === 0) throw new Error('an entry is empty')
        if ((++this.scannedCount & 255) === 0 && this.#isOver()) return
      }
    }
  }

  async #write(): Promise<void> {
    const { keys, values, order, entryCount } = this.#data
    while (!this.#isOver()) {
      const index = order.at(this.writtenCount++ % entryCount)
      await this.#entries.put(keys.of(index) as Uint8Array, values.of(index))
    }
  }

  #isOver(): boolean {
    return performance.now() >= this.#untilMs
  }
}
