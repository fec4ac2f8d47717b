import { monitorEventLoopDelay } from 'node:perf_hooks'
import { AsyncDatabase } from '@ldb/core'
import type { AsyncKeyspace } from '@ldb/core'
import type { Finding, Probe } from '../../model/probe.js'

const LIFE_MS = 1000
const RATES = [20_000, 50_000]
const DURATION_MS = { tiny: 2_500, quick: 8_000, normal: 10_000, full: 26_000 }
const CACHE_BYTES = 256 * 2 ** 20
const VALUE_BYTES = 100
/** Entries of one batch, and the interval between batches that makes the rate. */
const TICK_MS = 2
/** Distribution of keys: multiplied by an odd number, consecutive ones are far apart. */
const KEY_FACTOR = 0x9e37_79b1
const LIVE_RATIO_AT_MOST = 1.5
const P99_MS_AT_MOST = 5
const READ_MS_AT_MOST = 5
const PER_MS = 1e6

/** Writes of entries that live for a second: how many more the store holds, and what that costs readers. */
export const expiry: Probe = {
  id: 'expiry',
  title: 'Entries that live for 1 s, written at 20,000 and 50,000 a second',
  async run(effort, dir): Promise<Finding[]> {
    const findings: Finding[] = []
    for (const rate of RATES) findings.push(...(await measure(`${dir}/${rate}`, rate, DURATION_MS[effort])))
    return findings
  },
}

async function measure(path: string, rate: number, durationMs: number): Promise<Finding[]> {
  const db = await AsyncDatabase.open(path, { cacheBytes: CACHE_BYTES, durability: 'periodic' })
  const entries = await db.keyspace('timed', { keys: 'utf8', values: 'binary', ttlMs: LIFE_MS })
  const delay = monitorEventLoopDelay({ resolution: 1 })
  const startCpu = process.cpuUsage()
  delay.enable()
  const written = await write(db, entries, rate, durationMs)
  delay.disable()
  const { user, system } = process.cpuUsage(startCpu)
  const stored = db.sync.stats().keyspaces.find(({ name }) => name === 'timed')?.entryCount ?? 0
  const live = entries.sync.count()
  const countMs = timed(() => entries.sync.count())
  await new Promise((resolve) => setTimeout(resolve, LIFE_MS))
  const readMs = timed(() => entries.sync.keys({ limit: 1 }).toArray())
  await db.close()
  const prefix = `${rate / 1000},000/s: `
  return [
    { name: `${prefix}entries written`, value: (written / durationMs) * 1000, unit: '/s' },
    {
      name: `${prefix}stored ÷ live entries`,
      value: stored / live,
      unit: 'x',
      atMost: LIVE_RATIO_AT_MOST,
    },
    {
      name: `${prefix}event-loop delay, p99`,
      value: delay.percentile(99) / PER_MS,
      unit: 'ms',
      atMost: P99_MS_AT_MOST,
    },
    { name: `${prefix}event-loop delay, maximum`, value: delay.max / PER_MS, unit: 'ms' },
    { name: `${prefix}processor time`, value: ((user + system) / 1000 / durationMs) * 100, unit: '%' },
    { name: `${prefix}count`, value: countMs, unit: 'ms' },
    {
      name: `${prefix}first read after all have expired`,
      value: readMs,
      unit: 'ms',
      atMost: READ_MS_AT_MOST,
    },
  ]
}

function timed(action: () => unknown): number {
  const start = performance.now()
  action()
  return performance.now() - start
}

/** Writes at a rate, in batches. Returns the number of entries. */
async function write(
  db: AsyncDatabase,
  entries: AsyncKeyspace<string, Uint8Array>,
  rate: number,
  durationMs: number,
): Promise<number> {
  const value = new Uint8Array(VALUE_BYTES)
  const start = performance.now()
  let count = 0
  for (let elapsedMs = 0; elapsedMs < durationMs; elapsedMs = performance.now() - start) {
    const batch = db.batch().in(entries)
    const target = Math.min((elapsedMs / 1000) * rate, count + (rate * TICK_MS * 4) / 1000)
    for (; count < target; count++) {
      batch.put((Math.imul(count, KEY_FACTOR) >>> 0).toString().padStart(16, '0'), value)
    }
    await batch.commit()
    await new Promise((resolve) => setTimeout(resolve, TICK_MS))
  }
  return count
}
