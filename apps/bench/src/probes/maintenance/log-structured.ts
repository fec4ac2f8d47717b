import { Database } from '@ldb/core'
import type { Keyspace } from '@ldb/core'
import type { BenchData } from '../../data/bench-data.js'
import { PICK_MASK } from '../../data/random-picks.js'
import { processIo } from '../../measure/process-io.js'
import type { Finding, Probe } from '../../model/probe.js'
import { dataOf } from '../loading.js'

const MEBIBYTE = 2 ** 20
const DATA_BYTES = { tiny: 2 * MEBIBYTE, quick: 23 * MEBIBYTE, normal: 116 * MEBIBYTE, full: 1160 * MEBIBYTE }
const MEMTABLE_BYTES = 8 * MEBIBYTE
const ENTRY_BYTES = 116
const BATCH_ENTRIES = 1000
const GETS = { tiny: 1000, quick: 10_000, normal: 50_000, full: 200_000 }
/** Upper ends of the classes of the histogram, in milliseconds. */
const CLASSES_MS = [1, 5, 20, 100, Infinity]

type Bytes = Uint8Array

/** What the LSM engine writes, occupies and reads, and how long its commits take. */
export const logStructured: Probe = {
  id: 'lsm-amplification',
  title: 'LSM engine: a fill in random order, and an overwrite of all entries',
  run(effort, dir): Promise<Finding[]> {
    const data = dataOf(DATA_BYTES[effort])
    const options = {
      durability: 'periodic',
      memtableBytes: MEMTABLE_BYTES,
      cacheBytes: cacheBytesOf(data),
    } as const
    const db = Database.open(`${dir}/data`, options)
    const entries = db.keyspace('bench', { engine: 'lsm', keys: 'binary', values: 'binary' })
    const writes = new Writes(db, entries, data)
    const before = processIo()
    writes.run(0)
    writes.run(data.entryCount >>> 1)
    db.checkpoint()
    const written = processIo().writtenBytes - before.writtenBytes
    const settled = fileBytes(db)
    const userBytes = data.entryCount * ENTRY_BYTES
    const findings = [
      {
        name: 'bytes written ÷ keys and values, log included',
        value: written / (2 * userBytes),
        unit: 'x',
        atMost: 9,
      },
      {
        name: 'files ÷ keys and values, at most',
        value: writes.fileBytesMax / userBytes,
        unit: 'x',
        atMost: 1.5,
      },
      { name: 'files ÷ keys and values, settled', value: settled / userBytes, unit: 'x', atMost: 1.2 },
      ...writes.findings(),
      ...readFindings(entries, data, GETS[effort]),
    ]
    db.close()
    return Promise.resolve(findings.filter(({ value }) => Number.isFinite(value)))
  },
}

/** Writes all entries in commits of a thousand, and notes how long commits take and how much space is used meanwhile. */
class Writes {
  fileBytesMax = 0
  readonly #db: Database
  readonly #entries: Keyspace<Bytes, Bytes>
  readonly #data: BenchData
  readonly #counts: number[] = CLASSES_MS.map(() => 0)
  #longestMs = 0

  constructor(db: Database, entries: Keyspace<Bytes, Bytes>, data: BenchData) {
    this.#db = db
    this.#entries = entries
    this.#data = data
  }

  run(firstPosition: number): void {
    const { keys, values, order, entryCount } = this.#data
    for (let first = 0; first < entryCount; first += BATCH_ENTRIES) {
      const start = performance.now()
      const batch = this.#db.batch().in(this.#entries)
      for (let position = first; position < Math.min(first + BATCH_ENTRIES, entryCount); position++) {
        const index = order.at((firstPosition + position) % entryCount)
        batch.put(keys.of(index) as Bytes, values.of(index))
      }
      batch.commit()
      this.#note(performance.now() - start)
    }
  }

  findings(): Finding[] {
    const total = this.#counts.reduce((sum, count) => sum + count, 0)
    return [
      ...this.#counts.map((count, index) => ({
        name: `commits of 1,000 within ${CLASSES_MS[index]} ms, and no class before`,
        value: (100 * count) / total,
        unit: '%',
      })),
      { name: 'longest commit', value: this.#longestMs, unit: 'ms' },
    ]
  }

  #note(durationMs: number): void {
    this.#longestMs = Math.max(this.#longestMs, durationMs)
    this.#counts[CLASSES_MS.findIndex((most) => durationMs <= most)]!++
    this.fileBytesMax = Math.max(this.fileBytesMax, fileBytes(this.#db))
  }
}

/** Reads of files for each get, where the cache has a tenth of the data: indexes stay in the cache, data blocks do not. */
function readFindings(
  entries: Keyspace<Bytes, Bytes>,
  { keys, uniform }: BenchData,
  gets: number,
): Finding[] {
  const readsOf = (get: (index: number) => void): number => {
    // The first half loads the indexes.
    let before = processIo().reads
    for (let pick = 0; pick < 2 * gets; pick++) {
      if (pick === gets) before = processIo().reads
      get(uniform[pick & PICK_MASK]!)
    }
    return (processIo().reads - before) / gets
  }
  const present = readsOf((index) => {
    if (entries.get(keys.of(index) as Bytes) === undefined) throw new Error('an entry is missing')
  })
  const absent = readsOf((index) => {
    if (entries.get(keys.absent(index) as Bytes) !== undefined) throw new Error('an absent key has a value')
  })
  return [
    { name: 'reads of files for a random get', value: present, unit: '', atMost: 1.1 },
    { name: 'reads of files for a get of a missing key', value: absent, unit: '', atMost: 0.01 },
  ]
}

function cacheBytesOf({ entryCount }: BenchData): number {
  return Math.max(MEBIBYTE, Math.ceil((entryCount * ENTRY_BYTES) / 10))
}

function fileBytes(db: Database): number {
  return db.stats().keyspaces.reduce((sum, keyspace) => sum + keyspace.fileBytes, 0)
}
