import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { SEED_ZERO, xxHash64 } from '@ldb/integrity'
import type { BenchData } from '../data/bench-data.js'
import type { Finding, Probe } from '../model/probe.js'
import { PICK_MASK } from '../data/random-picks.js'
import { median } from '../measure/statistics.js'
import { dataOf, load, openDatabase } from './loading.js'
import type { LoadedDatabase } from './loading.js'

const MEBIBYTE = 2 ** 20
const DATA_BYTES = {
  tiny: 4 * MEBIBYTE,
  quick: 128 * MEBIBYTE,
  normal: 1024 * MEBIBYTE,
  full: 1024 * MEBIBYTE,
}
const DATA_TO_CACHE = 128
const ROUNDS = 7
const READS_A_ROUND = { tiny: 500, quick: 20_000, normal: 20_000, full: 20_000 }
const RATIO_AT_MOST = 1.5

/** Random gets through a cache much smaller than the data, against reading and hashing a page of the same file. */
export const missPath: Probe = {
  id: 'growth-miss',
  title: 'Cache miss, against a plain read and checksum of a page',
  async run(effort, dir): Promise<Finding[]> {
    const dataBytes = DATA_BYTES[effort]
    const cacheBytes = Math.max(MEBIBYTE, dataBytes / DATA_TO_CACHE)
    const data = dataOf(dataBytes)
    const loaded: LoadedDatabase = { ...openDatabase(`${dir}/data`, cacheBytes), data }
    load(loaded)
    loaded.db.checkpoint()
    const { pageBytes } = loaded.db.stats().cache
    const file = largestFile(`${dir}/data`)
    const getNs: number[] = []
    const plainReadNs: number[] = []
    let missesPerGet = 0
    for (let round = -1; round < ROUNDS; round++) {
      const got = getAtRandom(loaded, round, READS_A_ROUND[effort])
      const nsPerPage = readAtRandom(file, pageBytes, data, round, READS_A_ROUND[effort])
      if (round < 0) continue
      missesPerGet = got.missesPerGet
      getNs.push(got.nsPerGet)
      plainReadNs.push(nsPerPage)
    }
    loaded.db.close()
    return [
      { name: 'data', value: statSync(file).size / MEBIBYTE, unit: 'MiB' },
      { name: 'cache', value: cacheBytes / MEBIBYTE, unit: 'MiB' },
      { name: 'misses per get', value: missesPerGet, unit: '' },
      { name: 'get', value: median(getNs), unit: 'ns' },
      { name: 'plain read and checksum of a page', value: median(plainReadNs), unit: 'ns' },
      {
        name: 'get ÷ plain reads of its misses',
        value: median(getNs) / (median(plainReadNs) * missesPerGet),
        unit: 'x',
        atMost: RATIO_AT_MOST,
      },
    ]
  },
}

function getAtRandom(
  { db, entries, data }: LoadedDatabase,
  round: number,
  reads: number,
): { nsPerGet: number; missesPerGet: number } {
  const missesBefore = db.stats().cache.missCount
  const start = performance.now()
  for (let i = 0; i < reads; i++) {
    const index = data.uniform[((round + 1) * reads + i) & PICK_MASK]!
    if (entries.get(data.keys.of(index) as Uint8Array) === undefined) throw new Error('an entry is missing')
  }
  const elapsedMs = performance.now() - start
  const misses = db.stats().cache.missCount - missesBefore
  return { nsPerGet: (elapsedMs * 1e6) / reads, missesPerGet: misses / reads }
}

function readAtRandom(
  path: string,
  pageBytes: number,
  data: BenchData,
  round: number,
  reads: number,
): number {
  const pageCount = Math.floor(statSync(path).size / pageBytes)
  const page = new Uint8Array(pageBytes)
  const hash = new Int32Array(2)
  const file = openSync(path, 'r')
  const start = performance.now()
  for (let i = 0; i < reads; i++) {
    const pick = data.uniform[((round + 1) * reads + i) & PICK_MASK]! / data.entryCount
    readSync(file, page, 0, pageBytes, Math.floor(pick * pageCount) * pageBytes)
    xxHash64(page, 0, pageBytes, SEED_ZERO, hash)
  }
  const elapsedMs = performance.now() - start
  closeSync(file)
  return (elapsedMs * 1e6) / reads
}

function largestFile(dir: string): string {
  const paths = readdirSync(dir, { recursive: true, encoding: 'utf8' }).map((name) => join(dir, name))
  const sized = paths
    .map((path) => ({ path, status: statSync(path) }))
    .filter(({ status }) => status.isFile())
  return sized.sort((a, b) => b.status.size - a.status.size)[0]?.path ?? dir
}
