import { xxh64 } from '@node-rs/xxhash'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createSeed64, SEED_ZERO } from './seed64.js'
import type { Seed64 } from './seed64.js'
import { xxHash64 as nodeHash } from './xxhash64-node.js'
import { xxHash64 as portableHash } from './xxhash64.js'

type Hash = typeof portableHash
const implementations: readonly (readonly [string, Hash])[] = [
  ['portable', portableHash],
  ['node', nodeHash],
]

const target = new Int32Array(2)

function hashOf(hash: Hash, bytes: Uint8Array, start: number, end: number, seed: Seed64): bigint {
  hash(bytes, start, end, seed, target)
  return (BigInt(target[1]! >>> 0) << 32n) | BigInt(target[0]! >>> 0)
}

function bigSeed(seed: Seed64): bigint {
  return (BigInt(seed.high >>> 0) << 32n) | BigInt(seed.low >>> 0)
}

/** The sanity buffer of the reference implementation: a 64-bit generator over prime products. */
function sanityBytes(count: number): Uint8Array {
  const bytes = new Uint8Array(count)
  let generator = 2654435761n
  for (let index = 0; index < count; index++) {
    bytes[index] = Number(generator >> 56n)
    generator = BigInt.asUintN(64, generator * 11400714785074694797n)
  }
  return bytes
}

describe.each(implementations)('%s xxHash64', (_name, hash) => {
  const prime = createSeed64(0x9e3779b1, 0)

  test.each([
    // length, seed, hash: vectors of the reference implementation's self-test
    [0, SEED_ZERO, 0xef46db3751d8e999n],
    [0, prime, 0xac75fda2929b17efn],
    [1, SEED_ZERO, 0xe934a84adb052768n],
    [1, prime, 0x5014607643a9b4c3n],
    [4, SEED_ZERO, 0x9136a0dca57457een],
    [14, SEED_ZERO, 0x8282dcc4994e35c8n],
    [14, prime, 0xc3bd6bf63deb6df0n],
    [222, SEED_ZERO, 0xb641ae8cb691c174n],
    [222, prime, 0x20cb8ab7ae10c14an],
  ])('returns the reference vector for %i bytes', (length, seed, expected) => {
    expect(hashOf(hash, sanityBytes(222), 0, length, seed)).toBe(expected)
  })

  test('returns the published hashes of short texts', () => {
    const ascii = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0))
    expect(hashOf(hash, ascii('a'), 0, 1, SEED_ZERO)).toBe(0xd24ec4f1a98c6e5bn)
    expect(hashOf(hash, ascii('abc'), 0, 3, SEED_ZERO)).toBe(0x44bc2cf5ad770999n)
    // The published test vector.
    const spam = 'No' + 'body inspects the spammish repetition'
    expect(hashOf(hash, ascii(spam), 0, spam.length, SEED_ZERO)).toBe(0xfbcea83c8a378bf1n)
  })

  // Arrays of 4 KiB and more are read in place, shorter ones through a copy.
  test.each([720, 5000])(
    'agrees with the native hash for every length up to 700 in an array of %i',
    (size) => {
      const bytes = sanityBytes(size)
      const seed = createSeed64(0xdeadbeef, 0x80000001)
      for (let length = 0; length <= 700; length++) {
        const start = length % 17
        const expected = xxh64(bytes.subarray(start, start + length), bigSeed(seed))
        expect(hashOf(hash, bytes, start, start + length, seed)).toBe(expected)
      }
    },
  )

  test('agrees with the native hash for any bytes, window, seed and view', () => {
    const half = fc.oneof(fc.integer(), fc.constantFrom(0, -1, 1, 0x7fffffff, -0x80000000, 0x80000000))
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 9000, size: 'max' }),
        fc.nat(40),
        fc.nat(40),
        half,
        half,
        (content, before, behind, low, high) => {
          const holder = new Uint8Array(before + content.length + behind)
          holder.set(content, before)
          const view = holder.subarray(before >> 1)
          const start = before - (before >> 1)
          const seed = createSeed64(low, high)
          const expected = xxh64(content, bigSeed(seed))
          expect(hashOf(hash, view, start, start + content.length, seed)).toBe(expected)
        },
      ),
      { numRuns: 3000 },
    )
  })

  test('is exact for extreme 32-bit words', () => {
    const word = fc.constantFrom(0, 1, 0xff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff)
    fc.assert(
      fc.property(fc.array(word, { maxLength: 120 }), word, word, (words, low, high) => {
        const bytes = new Uint8Array(Uint32Array.from(words).buffer)
        const seed = createSeed64(low, high)
        expect(hashOf(hash, bytes, 0, bytes.length, seed)).toBe(xxh64(bytes, bigSeed(seed)))
      }),
      { numRuns: 3000 },
    )
  })

  test.each([2000, 4096])('reflects every change of a repeatedly hashed array of %i bytes', (size) => {
    const bytes = sanityBytes(size)
    const first = hashOf(hash, bytes, 3, 1000, SEED_ZERO)
    bytes[500]! ^= 1
    expect(hashOf(hash, bytes, 3, 1000, SEED_ZERO)).not.toBe(first)
    bytes[500]! ^= 1
    expect(hashOf(hash, bytes, 3, 1000, SEED_ZERO)).toBe(first)
  })
})
