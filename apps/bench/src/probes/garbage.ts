import { PerformanceObserver } from 'node:perf_hooks'
import type { Finding, Probe } from '../model/probe.js'
import { PICK_MASK } from '../data/random-picks.js'
import { dataOf, load, openDatabase } from './loading.js'

const MEBIBYTE = 2 ** 20
const GETS = { tiny: 20_000, quick: 1_000_000, normal: 10_000_000, full: 10_000_000 }
const DATA_BYTES = { tiny: MEBIBYTE, quick: 12 * MEBIBYTE, normal: 116 * MEBIBYTE, full: 116 * MEBIBYTE }
const CACHE_BYTES = 512 * MEBIBYTE
const CHUNK = 10_000
const PERCENT_AT_MOST = 2

/** The share of time that garbage collection takes during gets of 100-byte values. */
export const garbage: Probe = {
  id: 'growth-garbage',
  title: 'Garbage collection during gets of 100-byte values',
  async run(effort, dir): Promise<Finding[]> {
    const data = dataOf(DATA_BYTES[effort])
    const { db, entries } = openDatabase(`${dir}/data`, CACHE_BYTES)
    load({ db, entries, data })
    globalThis.gc?.()
    let collectedMs = 0
    let collections = 0
    const observer = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) {
        collectedMs += duration
        collections++
      }
    })
    observer.observe({ entryTypes: ['gc'] })
    const { keys, uniform } = data
    const gets = GETS[effort]
    let busyMs = 0
    for (let done = 0; done < gets; done += CHUNK) {
      const start = performance.now()
      for (let i = done; i < done + CHUNK; i++) {
        if (entries.get(keys.of(uniform[i & PICK_MASK]!) as Uint8Array) === undefined)
          throw new Error('an entry is missing')
      }
      busyMs += performance.now() - start
      // The observer is called back between iterations of the event loop.
      await new Promise((resolve) => setImmediate(resolve))
    }
    observer.disconnect()
    db.close()
    return [
      { name: 'gets', value: gets, unit: '' },
      { name: 'time', value: busyMs / 1000, unit: 's' },
      { name: 'collections', value: collections, unit: '' },
      {
        name: 'share of the time',
        value: (100 * collectedMs) / busyMs,
        unit: '%',
        atMost: PERCENT_AT_MOST,
      },
    ]
  },
}
