// Nanoseconds per hash of both implementations and of the native call alone, for the table in README.md and the threshold
// in src/xxhash64-node.ts. Run after a build, on an idle machine: node bench/xxhash64.mjs
import { xxh64 } from '@node-rs/xxhash'
import { createSeed64 } from '../dist/seed64.js'
import { xxHash64 as nodeHash } from '../dist/xxhash64-node.js'
import { xxHash64 as portable } from '../dist/xxhash64.js'

const SIZES = [0, 8, 16, 32, 64, 128, 192, 256, 320, 384, 512, 1024, 2048, 4096, 8192, 16384, 131072]
const ROUNDS = 9
const target = new Int32Array(2)
const wide = new BigUint64Array(1)
const seed = createSeed64(0x12345678, 0x9abcdef0)
const bigSeed = 0x9abcdef012345678n
const bytes = new Uint8Array(140_000).map((_, index) => (index * 2654435761) >>> 13)

const contenders = {
  portable: (start, end) => portable(bytes, start, end, seed, target),
  native: (start, end) => {
    wide[0] = xxh64(bytes.subarray(start, end), bigSeed)
  },
  node: (start, end) => nodeHash(bytes, start, end, seed, target),
}

/** Returns the nanoseconds of one call: the median of rounds of about 20 ms. The start offset covers all alignments. */
function measure(hash, size) {
  const calls = Math.ceil(20_000_000 / (60 + size / 4))
  const rounds = []
  for (let round = 0; round < ROUNDS; round++) {
    const begin = process.hrtime.bigint()
    for (let call = 0; call < calls; call++) hash(call & 63, (call & 63) + size)
    rounds.push(Number(process.hrtime.bigint() - begin) / calls)
  }
  return rounds.sort((a, b) => a - b)[ROUNDS >> 1]
}

// Warm up with all sizes, so that no contender is compiled for one size only.
for (const hash of Object.values(contenders)) for (const size of SIZES) measure(hash, size)

console.log(`Node ${process.version}, ${process.platform}-${process.arch}; ns per hash (GB/s)`)
console.log(`| bytes | ${Object.keys(contenders).join(' | ')} |`)
console.log(`|---:|${'---:|'.repeat(Object.keys(contenders).length)}`)
for (const size of SIZES) {
  const cells = Object.values(contenders).map((hash) => {
    const ns = measure(hash, size)
    return `${ns.toFixed(0)} (${(size / ns).toFixed(2)})`
  })
  console.log(`| ${size} | ${cells.join(' | ')} |`)
}
