import { Database } from '@ldb/core'
import type { Keyspace } from '@ldb/core'
import { BenchData } from '../../data/bench-data.js'
import { processIo } from '../../measure/process-io.js'
import type { Effort } from '../../model/effort.js'
import type { Finding, Probe } from '../../model/probe.js'

const MEBIBYTE = 2 ** 20
const DATA_BYTES: Readonly<Record<Effort['name'], number>> = {
  tiny: 4 * MEBIBYTE,
  quick: 32 * MEBIBYTE,
  normal: 128 * MEBIBYTE,
  full: 512 * MEBIBYTE,
}
const VALUE_BYTES = [20_000, 100_000, 1_000_000]
const KEY_BYTES = 16
const ENGINES = ['btree', 'lsm'] as const

type Bytes = Uint8Array

/** How much is written for values that are stored in blob files, and how much space they take after half of them are replaced. */
export const largeValues: Probe = {
  id: 'large-values-writes',
  title: 'Large values: bytes written and space taken, single puts in random order',
  run(effort, dir): Promise<Finding[]> {
    const findings = ENGINES.flatMap((engine) =>
      VALUE_BYTES.flatMap((valueBytes) => {
        const data = new BenchData(
          Math.max(4, Math.floor(DATA_BYTES[effort] / valueBytes)),
          'decimal',
          valueBytes,
          false,
        )
        const path = `${dir}/${engine}-${valueBytes}`
        const found = findingsOf(Database.open(path, { engine, durability: 'periodic' }), data)
        Database.destroy(path)
        const what = `${engine}, values of ${valueBytes.toLocaleString('en')} B`
        return found.map((finding) => ({ ...finding, name: `${what}: ${finding.name}` }))
      }),
    )
    return Promise.resolve(findings.filter(({ value }) => Number.isFinite(value)))
  },
}

function findingsOf(db: Database, data: BenchData): Finding[] {
  const entries = db.keyspace('bench', { keys: 'binary', values: 'binary' })
  const givenBytes = data.entryCount * (KEY_BYTES + data.valueBytes)
  const before = processIo().writtenBytes
  putAll(entries, data, data.entryCount)
  db.checkpoint()
  const written = processIo().writtenBytes - before
  putAll(entries, data, data.entryCount >>> 1)
  db.compact()
  const fileBytes = db.stats().blobs?.fileBytes ?? NaN
  db.close()
  return [
    { name: 'bytes written ÷ keys and values', value: written / givenBytes, unit: 'x', atMost: 1.2 },
    { name: 'blob files ÷ live values, settled', value: fileBytes / givenBytes, unit: 'x', atMost: 1.3 },
  ]
}

function putAll(entries: Keyspace<Bytes, Bytes>, { keys, values, order }: BenchData, count: number): void {
  for (let position = 0; position < count; position++) {
    const index = order.at(position)
    entries.put(keys.of(index) as Bytes, values.of(index))
  }
}
