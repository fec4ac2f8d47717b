import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { Database } from '@ldb/core'
import type { Keyspace } from '@ldb/core'
import type { Effort } from '../../model/effort.js'
import type { Finding, Probe } from '../../model/probe.js'

const VALUE_BYTES = 100
const BATCH_ENTRIES = 1000
const ENTRIES: Readonly<Record<Effort['name'], number>> = {
  tiny: 2000,
  quick: 200_000,
  normal: 500_000,
  full: 2_000_000,
}

type Entry = [Uint8Array, Uint8Array]

/** Sorted entries, with one key and one value buffer. */
function* entriesOf(count: number): Generator<Entry, void, void> {
  const entry: Entry = [new Uint8Array(16), new Uint8Array(VALUE_BYTES)]
  const [key, value] = entry
  for (let index = 0; index < count; index++) {
    for (let at = 15, rest = index; at >= 6; at--, rest = Math.floor(rest / 10)) key[at] = 48 + (rest % 10)
    value[index % VALUE_BYTES] = index & 255
    yield entry
  }
}

function loadBatches(db: Database, keyspace: Keyspace<Uint8Array, Uint8Array>, count: number): void {
  let batch = db.batch().in(keyspace)
  let size = 0
  for (const [key, value] of entriesOf(count)) {
    batch.put(key, value)
    if (++size < BATCH_ENTRIES) continue
    batch.commit()
    batch = db.batch().in(keyspace)
    size = 0
  }
  if (size > 0) batch.commit()
}

/** Returns the processor time of a load and the checkpoint after it, in microseconds. */
function measure(
  dir: string,
  engine: 'btree' | 'lsm',
  load: (db: Database, keyspace: Keyspace<Uint8Array, Uint8Array>) => void,
): number {
  const path = join(dir, 'data')
  rmSync(path, { recursive: true, force: true })
  const db = Database.open(path, { engine, durability: 'periodic' })
  const keyspace = db.keyspace('bench', { keys: 'binary', values: 'binary' })
  const before = process.cpuUsage()
  load(db, keyspace)
  db.checkpoint()
  const { user, system } = process.cpuUsage(before)
  db.close()
  return user + system
}

/** Compares `load` with batches of the same sorted entries, until both are in the files of the store. */
export const sortedLoad: Probe = {
  id: 'sorted-load',
  title: 'Bulk load of sorted entries, 16 + 100 bytes, against batches of 1,000: processor time',
  async run(effort, dir): Promise<Finding[]> {
    const count = ENTRIES[effort]
    const findings: Finding[] = []
    for (const engine of ['lsm', 'btree'] as const) {
      const runs = [0, 1, 2].map(() => {
        const batches = measure(dir, engine, (db, keyspace) => {
          loadBatches(db, keyspace, count)
        })
        const load = measure(dir, engine, (_, keyspace) => {
          keyspace.load(entriesOf(count))
        })
        return { batches, load }
      })
      runs.sort((a, b) => a.batches / a.load - b.batches / b.load)
      const { batches, load } = runs[1] as (typeof runs)[number]
      findings.push(
        { name: `${engine}: batches`, value: batches / count, unit: 'µs an entry' },
        { name: `${engine}: load`, value: load / count, unit: 'µs an entry' },
        { name: `${engine}: batches ÷ load`, value: batches / load, unit: 'times' },
      )
    }
    return findings
  },
}
