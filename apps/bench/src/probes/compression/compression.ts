import { Database } from '@ldb/core'
import type { CompressionName } from '@ldb/core'
import { DEFLATE_CODEC, LZ4_CODEC } from '@ldb/integrity'
import type { CompressionCodec } from '@ldb/integrity'
import type { Finding, Probe } from '../../model/probe.js'
import { SAMPLE_KINDS, SampleValues } from './sample-values.js'
import type { SampleKind } from './sample-values.js'

const CODECS = [LZ4_CODEC, DEFLATE_CODEC]
const COMPRESSIONS: readonly CompressionName[] = ['none', 'lz4', 'deflate', 'adaptive']
const BLOCK_BYTES = 4096
const BLOCKS = 64
const ROUNDS = { tiny: 10, quick: 20, normal: 30, full: 60 }
const ENTRIES = { tiny: 5_000, quick: 50_000, normal: 100_000, full: 300_000 }
const FIRST_ENTRIES = 20_000
const GETS = 20_000
const MEMTABLE_BYTES = 2 ** 21
const KEY_FACTOR = 0x9e37_79b1

/** What each codec saves and costs: for single blocks, and for a store of the LSM engine. */
export const compression: Probe = {
  id: 'compression',
  title: `Compression of blocks of ${BLOCK_BYTES} bytes, and of a keyspace of the LSM engine with it`,
  run(effort, dir): Promise<Finding[]> {
    const blocks = SAMPLE_KINDS.flatMap((kind) =>
      CODECS.flatMap((codec) => measureBlocks(kind, codec, ROUNDS[effort])),
    )
    // The first store also pays for the compilation of the engine.
    measureStore(`${dir}/first`, 'JSON', 'adaptive', FIRST_ENTRIES)
    const stores = SAMPLE_KINDS.flatMap((kind) =>
      COMPRESSIONS.flatMap((name) => measureStore(`${dir}/${kind}-${name}`, kind, name, ENTRIES[effort])),
    )
    return Promise.resolve([...blocks, ...stores])
  },
}

/** Measures a codec on blocks of values, without the rest of the engine. The minimum of the rounds is least disturbed by other processes. */
function measureBlocks(kind: SampleKind, codec: CompressionCodec, rounds: number): Finding[] {
  const values = new SampleValues(kind, 1)
  const blocks = Array.from({ length: BLOCKS }, () => blockOf(values))
  const compressUs: number[] = []
  const decompressUs: number[] = []
  let stored: (Uint8Array | undefined)[] = []
  for (let round = 0; round < rounds; round++) {
    compressUs.push(perBlockUs(() => (stored = blocks.map((block) => codec.compress(block)))))
    decompressUs.push(
      perBlockUs(() => {
        for (const block of stored) if (block !== undefined) codec.decompress(block, BLOCK_BYTES)
      }),
    )
  }
  const storedBytes = stored.reduce((total, block) => total + (block?.length ?? BLOCK_BYTES), 0)
  const prefix = `block, ${kind}, ${codec.name}: `
  return [
    { name: `${prefix}raw ÷ stored`, value: (BLOCKS * BLOCK_BYTES) / storedBytes, unit: 'x' },
    { name: `${prefix}compress`, value: Math.min(...compressUs), unit: 'µs' },
    { name: `${prefix}decompress`, value: Math.min(...decompressUs), unit: 'µs' },
  ]
}

function blockOf(values: SampleValues): Uint8Array {
  const block = new Uint8Array(BLOCK_BYTES)
  for (let end = 0; end < BLOCK_BYTES;) {
    const value = values.next().subarray(0, BLOCK_BYTES - end)
    block.set(value, end)
    end += value.length
  }
  return block
}

function perBlockUs(pass: () => void): number {
  const startNs = process.hrtime.bigint()
  pass()
  return Number(process.hrtime.bigint() - startNs) / 1000 / BLOCKS
}

/** Measures processor time of puts in random order and of gets, and the files. Every get reads a block past the cache. */
function measureStore(path: string, kind: SampleKind, name: CompressionName, entryCount: number): Finding[] {
  const options = {
    engine: 'lsm',
    compression: name,
    memtableBytes: MEMTABLE_BYTES,
    durability: 'none',
  } as const
  const db = Database.open(path, { ...options, cacheBytes: 65_536 })
  const entries = db.keyspace('entries', { values: 'binary' })
  const values = new SampleValues(kind, 7)
  const keyOf = (index: number): string => `key${Math.imul(index, KEY_FACTOR) >>> 0}`
  const putUs = cpuUs(entryCount, () => {
    for (let index = 0; index < entryCount; index += 100) {
      const batch = db.batch().in(entries)
      for (let each = index; each < index + 100; each++) batch.put(keyOf(each), values.next())
      batch.commit()
    }
    db.checkpoint()
  })
  db.compact()
  const keyspace = db.stats().keyspaces.find(({ name: each }) => each === 'entries')
  const { fileBytes = 0, rawBytes = 0 } = keyspace?.levels?.at(-1) ?? {}
  const getUs = cpuUs(GETS, () => {
    for (let index = 0; index < GETS; index++) entries.get(keyOf(Math.imul(index, 40_503) % entryCount))
  })
  db.close()
  const prefix = `store, ${kind}, ${name}: `
  return [
    { name: `${prefix}raw ÷ file`, value: rawBytes / fileBytes, unit: 'x' },
    { name: `${prefix}put`, value: putUs, unit: 'µs' },
    { name: `${prefix}get`, value: getUs, unit: 'µs' },
  ]
}

/** Returns the processor time of one operation. */
function cpuUs(count: number, operations: () => void): number {
  const start = process.cpuUsage()
  operations()
  const { user, system } = process.cpuUsage(start)
  return (user + system) / count
}
