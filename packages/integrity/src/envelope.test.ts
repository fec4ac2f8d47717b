import { isLdbError } from '@ldb/base'
import type { LdbError } from '@ldb/base'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DEFLATE_CODEC, NONE_CODEC } from './codec.js'
import type { CompressionCodec } from './codec.js'
import { CodecRegistry } from './codec-registry.js'
import { envelopeBytesOf, openEnvelope, sealEnvelope } from './envelope.js'
import type { EnvelopeContext } from './envelope.js'
import { seedOfFile } from './file-seed.js'
import { ENVELOPE_HEADER_BYTES } from './format.js'
import { createSeed64, SEED_ZERO } from './seed64.js'
import { xxHash64 } from './xxhash64.js'

const fileId = new Uint8Array(16).map((_, index) => index * 17)
const place: EnvelopeContext = { file: 'blocks.sst', position: 4096, type: 3, seed: seedOfFile(fileId) }
const limits = { rawBytesMax: 100_000 }
const text = new Uint8Array(300).map((_, index) => 97 + (index % 5))

function errorOf(action: () => unknown): LdbError {
  try {
    action()
  } catch (error) {
    if (isLdbError(error)) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

/** Returns the code of the error with which an envelope does not open, or tells that its body has the length it says. */
function outcomeOf(envelope: Uint8Array): string {
  try {
    const { body } = openEnvelope(envelope, place, limits)
    return body.length === new DataView(envelope.buffer).getUint32(24, true) ? 'the body' : 'another length'
  } catch (error) {
    return isLdbError(error) ? error.code : String(error)
  }
}

/** Writes another checksum over a changed envelope, as an attacker or a faulty writer would. */
function rechecked(envelope: Uint8Array): Uint8Array {
  const hash = new Int32Array(2)
  xxHash64(envelope, 8, envelope.length, place.seed, hash)
  const view = new DataView(envelope.buffer, envelope.byteOffset)
  view.setInt32(0, hash[0]!, true)
  view.setInt32(4, hash[1]!, true)
  return envelope
}

test('gives any body back, at any place and epoch, with bytes around it', () => {
  const safe = fc.oneof(fc.nat(), fc.maxSafeNat(), fc.constantFrom(0, 2 ** 31, 2 ** 32, 2 ** 40, 2 ** 53 - 1))
  const body = fc.oneof(
    fc.uint8Array({ maxLength: 3000, size: 'max' }),
    fc.integer({ min: 0, max: 5000 }).map((length) => new Uint8Array(length).fill(7)),
  )
  fc.assert(
    fc.property(
      body,
      fc.record({
        position: safe,
        type: fc.integer({ min: 1, max: 255 }),
        low: fc.integer(),
        high: fc.integer(),
      }),
      safe,
      fc.constantFrom(NONE_CODEC, DEFLATE_CODEC),
      fc.nat(20),
      (raw, { position, type, low, high }, epoch, codec, around) => {
        const here = { file: 'f', position, type, seed: createSeed64(low, high) }
        const sealed = sealEnvelope(raw, here, epoch, codec)
        const holder = new Uint8Array(sealed.length + 2 * around).fill(0xaa)
        holder.set(sealed, around)
        const opened = openEnvelope(holder.subarray(around), here, limits)
        expect(opened.body).toEqual(raw)
        expect(opened.epoch).toBe(epoch)
        expect(opened.envelopeBytes).toBe(sealed.length)
        expect(envelopeBytesOf(sealed.subarray(0, ENVELOPE_HEADER_BYTES), here, limits)).toBe(sealed.length)
      },
    ),
    { numRuns: 500 },
  )
})

test('compresses where that makes it smaller, and only there', () => {
  const small = sealEnvelope(text, place, 1, DEFLATE_CODEC)
  expect(small.length).toBeLessThan(ENVELOPE_HEADER_BYTES + 100)
  expect(openEnvelope(small, place, limits).codecId).toBe(1)
  const noise = sealEnvelope(Uint8Array.of(1, 2, 3), place, 1, DEFLATE_CODEC)
  expect(noise.length).toBe(ENVELOPE_HEADER_BYTES + 3)
  expect(openEnvelope(noise, place, limits).codecId).toBe(0)
})

test.each([
  ['plain', NONE_CODEC],
  ['deflated', DEFLATE_CODEC],
])('%s: notices being cut short at any byte, and the flip of any bit', (_name, codec) => {
  const sealed = sealEnvelope(text, place, 77, codec)
  for (let end = 0; end < sealed.length; end++) {
    const error = errorOf(() => openEnvelope(sealed.subarray(0, end), place, limits))
    expect(error.code).toBe('LDB_CORRUPTION')
    expect(error.details).toMatchObject({ file: 'blocks.sst', offset: 4096 })
  }
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const flipped = sealed.slice()
    flipped[bit >> 3]! ^= 1 << (bit & 7)
    const error = errorOf(() => openEnvelope(flipped, place, limits))
    expect(error.code).toBe('LDB_CORRUPTION')
    expect(error.details).toMatchObject({ file: 'blocks.sst', offset: 4096 })
  }
})

test('does not open in another file, at another position, as another type or at another epoch', () => {
  const sealed = sealEnvelope(text, place, 5, NONE_CODEC)
  const otherFile = { ...place, seed: seedOfFile(new Uint8Array(16)) }
  expect(errorOf(() => openEnvelope(sealed, otherFile, limits)).message).toContain('checksum')
  const otherPosition = { ...place, position: 8192 }
  expect(errorOf(() => openEnvelope(sealed, otherPosition, limits)).details).toMatchObject({
    file: 'blocks.sst',
    offset: 8192,
    expected: 8192,
    actual: 4096,
  })
  expect(errorOf(() => openEnvelope(sealed, { ...place, type: 4 }, limits)).message).toContain('type')
  expect(errorOf(() => openEnvelope(sealed, place, { ...limits, epoch: 6 })).message).toContain('epoch')
  expect(openEnvelope(sealed, place, { ...limits, epoch: 5 }).body).toEqual(text)
})

test('holds the lengths against the limit before anything else', () => {
  const sealed = sealEnvelope(text, place, 5, NONE_CODEC)
  expect(openEnvelope(sealed, place, { rawBytesMax: 300 }).body.length).toBe(300)
  expect(errorOf(() => openEnvelope(sealed, place, { rawBytesMax: 299 })).details).toMatchObject({
    expected: 299,
    actual: 300,
  })
  const huge = sealed.slice()
  new DataView(huge.buffer).setUint32(24, 0xffffffff, true)
  new DataView(huge.buffer).setUint32(28, 0xffffffff, true)
  expect(errorOf(() => openEnvelope(huge, place, limits)).message).toContain('limit')
})

test('a bomb with a right checksum is refused', () => {
  const sealed = sealEnvelope(new Uint8Array(90_000), place, 5, DEFLATE_CODEC)
  for (const claimed of [100, 89_999, 90_001, 100_000]) {
    const bomb = sealed.slice()
    new DataView(bomb.buffer).setUint32(24, claimed, true)
    const error = errorOf(() => openEnvelope(rechecked(bomb), place, limits))
    expect(error.code).toBe('LDB_CORRUPTION')
    expect(error.details).toMatchObject({ file: 'blocks.sst', offset: 4096 })
  }
})

test('whatever header has a right checksum gives a typed error or the body', () => {
  const sealed = sealEnvelope(text, place, 5, DEFLATE_CODEC)
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 8, max: 90 }), fc.nat(255)), { maxLength: 3 }),
      (changes) => {
        const changed = sealed.slice()
        for (const [at, value] of changes) if (at < changed.length) changed[at] = value
        rechecked(changed)
        expect(['the body', 'LDB_CORRUPTION', 'LDB_UNSUPPORTED']).toContain(outcomeOf(changed))
      },
    ),
    { numRuns: 2000 },
  )
})

test('an epoch above 2^53 - 1 and a reserved field that is not 0 are corruption', () => {
  const sealed = sealEnvelope(text, place, 5, NONE_CODEC)
  const late = sealed.slice()
  late[23] = 1
  expect(errorOf(() => openEnvelope(rechecked(late), place, limits)).message).toContain('safe integer')
  const reserved = sealed.slice()
  reserved[34] = 1
  expect(errorOf(() => openEnvelope(rechecked(reserved), place, limits)).message).toContain('reserved')
})

test('codecs that are kept or unknown are LDB_UNSUPPORTED, with the place', () => {
  for (const id of [2, 3, 4, 127, 128, 255]) {
    const sealed = sealEnvelope(text, place, 5, NONE_CODEC)
    sealed[33] = id
    const error = errorOf(() => openEnvelope(rechecked(sealed), place, limits))
    expect(error.code).toBe('LDB_UNSUPPORTED')
    expect(error.details).toMatchObject({ file: 'blocks.sst', offset: 4096, actual: id })
  }
})

test("an application's own codec works where it is passed in, and its faults are corruption", () => {
  const halves: CompressionCodec = {
    id: 200,
    name: 'halves',
    compress: (bytes) => (bytes.length < 2 ? undefined : bytes.slice(0, bytes.length >> 1)),
    decompress: (bytes, rawBytes) => {
      if (bytes[0] === 0) throw new TypeError('a fault of the application')
      const raw = new Uint8Array(bytes[0] === 1 ? rawBytes - 1 : rawBytes)
      raw.set(bytes)
      raw.set(bytes, bytes.length)
      return raw
    },
  }
  const codecs = new CodecRegistry([halves])
  const repeated = Uint8Array.of(9, 8, 9, 8)
  expect(openEnvelope(sealEnvelope(repeated, place, 1, halves), place, { ...limits, codecs }).body).toEqual(
    repeated,
  )
  for (const first of [0, 1]) {
    const sealed = sealEnvelope(Uint8Array.of(first, 8, 8, 8, first, 8, 8, 8), place, 1, halves)
    expect(errorOf(() => openEnvelope(sealed, place, { ...limits, codecs })).code).toBe('LDB_CORRUPTION')
  }
})

test('a codec that does not keep its word when it compresses harms nothing', () => {
  const growing: CompressionCodec = {
    ...NONE_CODEC,
    id: 201,
    name: 'growing',
    compress: () => new Uint8Array(999),
  }
  const sealed = sealEnvelope(text, place, 1, growing)
  expect(openEnvelope(sealed, place, limits)).toMatchObject({ codecId: 0, body: text })
})

test('takes no place that could not be checked again', () => {
  for (const wrong of [
    { type: 0 },
    { type: 256 },
    { position: -1 },
    { position: 2 ** 53 },
    { position: 0.5 },
  ]) {
    expect(errorOf(() => sealEnvelope(text, { ...place, ...wrong }, 1, NONE_CODEC)).code).toBe(
      'LDB_INVARIANT',
    )
  }
  expect(errorOf(() => sealEnvelope(text, place, -1, NONE_CODEC)).code).toBe('LDB_INVARIANT')
})

test('the seed of a file depends on every byte of its id', () => {
  const seen = new Set<string>()
  for (let index = 0; index < 16; index++) {
    const id = fileId.slice()
    id[index]! ^= 1
    const { low, high } = seedOfFile(id)
    seen.add(`${low},${high}`)
  }
  expect(seen.size).toBe(16)
  expect(seen.has(`${place.seed.low},${place.seed.high}`)).toBe(false)
  expect(SEED_ZERO).toMatchObject({ low: 0, high: 0 })
})
