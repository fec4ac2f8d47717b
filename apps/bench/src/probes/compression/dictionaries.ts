import { createLz4Dictionary, LZ4_CODEC, trainDictionary } from '@ldb/integrity'
import { Database } from '@ldb/core'
import type { Keyspace } from '@ldb/core'
import type { Finding, Probe } from '../../model/probe.js'
import { RecordValues } from './record-values.js'

const ENTRIES = { tiny: 5_000, quick: 50_000, normal: 100_000, full: 300_000 }
const ROUNDS = { tiny: 2, quick: 5, normal: 7, full: 9 }
const GETS = 20_000
const BATCH = 100
const BLOCK_BYTES = 4096
const SAMPLE_BYTES = 65_536
const DICTIONARY_BYTES = 4096
const BLOCKS = 64
const KEY_FACTOR = 0x9e37_79b1
/** Options with which files are compared, and the name of each in the findings. */
const KINDS = [
  ['without', false],
  ['with', true],
] as const

interface Store {
  readonly db: Database
  readonly records: Keyspace<string, Uint8Array>
  readonly fileBytes: number
  readonly putUs: number
}

/** What dictionaries save and cost: JSON records of 400 bytes in a B+tree, without and with, and in blocks of an LSM tree. */
export const dictionaries: Probe = {
  id: 'dictionaries',
  title: 'JSON records of about 400 bytes, without and with dictionaries',
  run(effort, dir): Promise<Finding[]> {
    const count = ENTRIES[effort]
    // The first stores also pay for the compilation of the engine.
    for (const [name, dictionary] of KINDS) fill(`${dir}/first-${name}`, dictionary, 5_000).db.close()
    const cacheBytes = 8 * 400 * count
    const [plain, encoded] = KINDS.map(([name, dictionary]) =>
      fill(`${dir}/${name}`, dictionary, count, cacheBytes),
    ) as [Store, Store]
    const findings: Finding[] = [
      { name: 'file with ÷ without', value: encoded.fileBytes / plain.fileBytes, unit: 'x', atMost: 0.5 },
      { name: 'put with ÷ without', value: encoded.putUs / plain.putUs, unit: 'x' },
      ...compare('cached get', [plain, encoded], ROUNDS[effort], count, 1.6),
    ]
    plain.db.close()
    encoded.db.close()
    const small = KINDS.map(([name]) => reopen(`${dir}/${name}`, Math.floor(plain.fileBytes / 10)))
    findings.push(...compare('get at 10x the cache', small, ROUNDS[effort], count, 1))
    for (const { db } of small) db.close()
    return Promise.resolve([...findings, ...measureBlocks()])
  },
}

function keyOf(index: number): string {
  return `key${Math.imul(index, KEY_FACTOR) >>> 0}`
}

function fill(path: string, dictionary: boolean, count: number, cacheBytes = 2 ** 25): Store {
  const db = Database.open(path, { durability: 'none', cacheBytes, workers: 0 })
  const records = db.keyspace('records', { values: 'binary', dictionary })
  const values = new RecordValues(7)
  const putUs = cpuUs(count, () => {
    for (let index = 0; index < count; index += BATCH) {
      const batch = db.batch().in(records)
      for (let each = index; each < index + BATCH; each++) batch.put(keyOf(each), values.next())
      batch.commit()
    }
    db.checkpoint()
  })
  const fileBytes = db.stats().keyspaces.find(({ name }) => name === 'records')?.fileBytes ?? 0
  return { db, records, fileBytes, putUs }
}

function reopen(path: string, cacheBytes: number): Pick<Store, 'db' | 'records'> {
  const db = Database.open(path, { cacheBytes, workers: 0 })
  return { db, records: db.keyspace('records', { values: 'binary' }) }
}

/** Measures gets of both stores in turn. The minimum of the rounds is least disturbed by other processes. */
function compare(
  name: string,
  stores: readonly Pick<Store, 'records'>[],
  rounds: number,
  count: number,
  atMost: number,
): Finding[] {
  const times: number[][] = stores.map(() => [])
  for (let round = 0; round <= rounds; round++) {
    for (const [index, { records }] of stores.entries()) {
      const us = cpuUs(GETS, () => {
        for (let each = 0; each < GETS; each++)
          records.get(keyOf(Math.imul(each + round * GETS, 40_503) % count))
      })
      // The first round fills the caches.
      if (round > 0) times[index]?.push(us)
    }
  }
  const [without = 0, withOne = 0] = times.map((each) => Math.min(...each))
  return [
    { name: `${name}, without`, value: without, unit: 'µs' },
    { name: `${name}, with`, value: withOne, unit: 'µs' },
    { name: `${name}, with ÷ without`, value: withOne / without, unit: 'x', atMost },
  ]
}

/** Compresses blocks of an LSM tree as they are, and with a dictionary: what one would save there. */
function measureBlocks(): Finding[] {
  const values = new RecordValues(11)
  const samples = new Uint8Array(SAMPLE_BYTES)
  const ends: number[] = []
  for (let end = 0; end < SAMPLE_BYTES;) {
    const value = values.next().subarray(0, SAMPLE_BYTES - end)
    samples.set(value, end)
    ends.push((end += value.length))
  }
  const dictionary = createLz4Dictionary(trainDictionary(samples, ends, DICTIONARY_BYTES))
  const target = new Uint8Array(BLOCK_BYTES)
  let alone = 0
  let primed = 0
  for (let block = 0; block < BLOCKS; block++) {
    const bytes = new Uint8Array(BLOCK_BYTES)
    for (let end = 0; end < BLOCK_BYTES;) {
      const value = values.next().subarray(0, BLOCK_BYTES - end)
      bytes.set(value, end)
      end += value.length
    }
    alone += LZ4_CODEC.compress(bytes)?.length ?? BLOCK_BYTES
    primed += dictionary.compress(bytes, 0, BLOCK_BYTES, target, 0, BLOCK_BYTES) || BLOCK_BYTES
  }
  return [
    { name: 'LSM block, raw ÷ stored, LZ4', value: (BLOCKS * BLOCK_BYTES) / alone, unit: 'x' },
    {
      name: 'LSM block, raw ÷ stored, LZ4 with a dictionary',
      value: (BLOCKS * BLOCK_BYTES) / primed,
      unit: 'x',
    },
  ]
}

/** Returns the processor time of one operation. */
function cpuUs(count: number, operations: () => void): number {
  const start = process.cpuUsage()
  operations()
  const { user, system } = process.cpuUsage(start)
  return (user + system) / count
}
