import { isLdbError } from '@ldb/core'
import type { Finding, Probe } from '../model/probe.js'
import { dataOf, openDatabase } from './loading.js'

const MEBIBYTE = 2 ** 20
const ENTRY_BYTES = 116
const PUTS = { tiny: 10_000, quick: 1_000_000, normal: 1_000_000, full: 1_000_000 }
const CACHE_BYTES = 64 * MEBIBYTE
/** Write buffer of the transaction, its batch, the log record, and as much again for growing buffers. */
const PEAK_BYTES_AT_MOST = 768 * MEBIBYTE

/** A transaction of a million puts: it commits, or fails as a whole with LDB_TOO_LARGE; and its peak memory. */
export const transactionSize: Probe = {
  id: 'transactions-million',
  title: 'A transaction of a million puts',
  async run(effort, dir): Promise<Finding[]> {
    const puts = PUTS[effort]
    const data = dataOf(puts * ENTRY_BYTES)
    const { db, entries } = openDatabase(`${dir}/data`, CACHE_BYTES)
    globalThis.gc?.()
    const restingBytes = process.memoryUsage.rss()
    const start = performance.now()
    let isTooLarge = false
    try {
      db.transaction((tx) => {
        const view = tx.in(entries)
        for (let position = 0; position < data.entryCount; position++) {
          const index = data.order.at(position)
          view.put(data.keys.of(index) as Uint8Array, data.values.of(index))
        }
      })
    } catch (error) {
      if (!isLdbError(error, 'LDB_TOO_LARGE')) throw error
      isTooLarge = true
    }
    const elapsedMs = performance.now() - start
    const count = entries.count()
    if (count !== (isTooLarge ? 0 : data.entryCount)) throw new Error(`the database has ${count} entries`)
    const peakBytes = process.resourceUsage().maxRSS * 1024
    db.close()
    return [
      { name: 'puts', value: data.entryCount, unit: '' },
      { name: 'committed', value: count, unit: 'entries' },
      { name: 'time', value: elapsedMs / 1000, unit: 's' },
      { name: 'memory before', value: restingBytes / MEBIBYTE, unit: 'MiB' },
      {
        name: 'peak resident memory',
        value: peakBytes / MEBIBYTE,
        unit: 'MiB',
        atMost: PEAK_BYTES_AT_MOST / MEBIBYTE,
      },
    ]
  },
}
