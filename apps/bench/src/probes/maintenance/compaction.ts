import { monitorEventLoopDelay } from 'node:perf_hooks'
import { AsyncDatabase } from '@ldb/core'
import type { AsyncKeyspace } from '@ldb/core'
import type { BenchData } from '../../data/bench-data.js'
import type { Finding, Probe } from '../../model/probe.js'
import { dataOf, load, openDatabase } from '../loading.js'

const MEBIBYTE = 2 ** 20
const DATA_BYTES = { tiny: 2 * MEBIBYTE, quick: 23 * MEBIBYTE, normal: 116 * MEBIBYTE, full: 1160 * MEBIBYTE }
const CACHE_BYTES = 512 * MEBIBYTE
const ENTRY_BYTES = 116
/** The part of the file that is not keys and values: overhead of entries, free space in pages, and branches. */
const FILE_RATIO_AT_MOST = 1 / 0.85
const DELETIONS_PER_COMMIT = 1000
const PER_MS = 1e6

/** Size of the file after half of the entries were deleted at random and the database was compacted, and what commits beside that wait. */
export const compaction: Probe = {
  id: 'compaction',
  title: 'compact() after deleting half of the entries at random, beside synced commits',
  async run(effort, dir): Promise<Finding[]> {
    const path = `${dir}/data`
    const data = dataOf(DATA_BYTES[effort])
    const loading = openDatabase(path, CACHE_BYTES)
    load({ ...loading, data })
    const keptBytes = deleteHalf(loading, data)
    loading.db.close()
    const db = await AsyncDatabase.open(path, { cacheBytes: CACHE_BYTES })
    const entries = await db.keyspace('bench', { keys: 'binary', values: 'binary' })
    const bytesBefore = fileBytes(db)
    const delay = monitorEventLoopDelay({ resolution: 1 })
    const start = performance.now()
    const startCpu = process.cpuUsage()
    delay.enable()
    let isCompacted = false
    const compacted = db.compact().then(() => (isCompacted = true))
    const slowestMs = await overwriteUntil(entries, data, () => isCompacted)
    await compacted
    delay.disable()
    const { user, system } = process.cpuUsage(startCpu)
    const elapsedMs = performance.now() - start
    const bytesAfter = fileBytes(db)
    await db.close()
    return [
      { name: 'file before ÷ keys and values', value: bytesBefore / keptBytes, unit: 'x' },
      {
        name: 'file after ÷ keys and values',
        value: bytesAfter / keptBytes,
        unit: 'x',
        atMost: FILE_RATIO_AT_MOST,
      },
      { name: 'duration', value: elapsedMs, unit: 'ms' },
      { name: 'processor time', value: (user + system) / 1000, unit: 'ms' },
      { name: 'slowest commit beside it', value: slowestMs, unit: 'ms' },
      { name: 'event-loop delay, p99', value: delay.percentile(99) / PER_MS, unit: 'ms' },
    ]
  },
}

/** Deletes the second half of the entries in the order of loading, which is random. Returns the bytes of keys and values that remain. */
function deleteHalf({ db, entries }: ReturnType<typeof openDatabase>, data: BenchData): number {
  const { entryCount, keys, order } = data
  const kept = Math.floor(entryCount / 2)
  for (let first = kept; first < entryCount; first += DELETIONS_PER_COMMIT) {
    const batch = db.batch().in(entries)
    for (let position = first; position < Math.min(first + DELETIONS_PER_COMMIT, entryCount); position++) {
      batch.delete(keys.of(order.at(position)) as Uint8Array)
    }
    batch.commit()
  }
  return kept * ENTRY_BYTES
}

/** Overwrites kept entries, one per commit. Returns the duration of the slowest commit. */
async function overwriteUntil(
  entries: AsyncKeyspace<Uint8Array, Uint8Array>,
  data: BenchData,
  isDone: () => boolean,
): Promise<number> {
  const { keys, values, order, entryCount } = data
  let slowestMs = 0
  for (let count = 0; !isDone(); count++) {
    const index = order.at(count % Math.floor(entryCount / 2))
    const start = performance.now()
    await entries.put(keys.of(index) as Uint8Array, values.of(index))
    slowestMs = Math.max(slowestMs, performance.now() - start)
  }
  return slowestMs
}

function fileBytes(db: AsyncDatabase): number {
  return db.sync.stats().keyspaces.reduce((sum, keyspace) => sum + keyspace.fileBytes, 0)
}
