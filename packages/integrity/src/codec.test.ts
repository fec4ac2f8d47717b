import { isLdbError } from '@ldb/base'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DEFLATE_CODEC, NONE_CODEC } from './codec.js'
import type { CompressionCodec } from './codec.js'
import { BUILT_IN_CODECS, CodecRegistry } from './codec-registry.js'

function codeOf(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    return isLdbError(error) ? error.code : String(error)
  }
  return 'no error'
}

const custom = (id: number, name: string): CompressionCodec => ({ ...NONE_CODEC, id, name })

test('deflate gives back what it made smaller, and nothing for what it did not', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 3000, size: 'max' }),
      fc.integer({ min: 1, max: 255 }),
      (noise, span) => {
        const bytes = noise.map((byte) => byte % span)
        const stored = DEFLATE_CODEC.compress(bytes)
        if (stored === undefined) return
        expect(stored.length).toBeLessThan(bytes.length)
        expect(DEFLATE_CODEC.decompress(stored, bytes.length)).toEqual(bytes)
      },
    ),
    { numRuns: 300 },
  )
  expect(DEFLATE_CODEC.compress(new Uint8Array(0))).toBeUndefined()
  expect(DEFLATE_CODEC.compress(Uint8Array.of(1, 2, 3))).toBeUndefined()
  expect(DEFLATE_CODEC.compress(new Uint8Array(1000))).toBeDefined()
})

test('none never makes smaller and wants the exact length', () => {
  const bytes = Uint8Array.of(1, 2, 3)
  expect(NONE_CODEC.compress(bytes)).toBeUndefined()
  expect(NONE_CODEC.decompress(bytes, 3)).toEqual(bytes)
  expect(codeOf(() => NONE_CODEC.decompress(bytes, 4))).toBe('LDB_CORRUPTION')
})

test('deflate refuses another length and garbage with a typed error', () => {
  const stored = DEFLATE_CODEC.compress(new Uint8Array(1000))!
  expect(codeOf(() => DEFLATE_CODEC.decompress(stored, 999))).toBe('LDB_CORRUPTION')
  expect(codeOf(() => DEFLATE_CODEC.decompress(stored, 1001))).toBe('LDB_CORRUPTION')
  expect(codeOf(() => DEFLATE_CODEC.decompress(Uint8Array.of(255, 255), 10))).toBe('LDB_CORRUPTION')
})

test('deflate takes no memory for more than so few bytes can become', () => {
  // An allocation of this size would throw a RangeError or end the process.
  expect(codeOf(() => DEFLATE_CODEC.decompress(Uint8Array.of(3, 0), 2 ** 40))).toBe('LDB_CORRUPTION')
})

test('the most compressible input there is stays under the ratio that is refused', () => {
  const bytes = new Uint8Array(8_000_000)
  const stored = DEFLATE_CODEC.compress(bytes)!
  const raw = DEFLATE_CODEC.decompress(stored, bytes.length)
  expect(raw.length).toBe(bytes.length)
  expect(raw.every((byte) => byte === 0)).toBe(true)
})

test('a registry finds built-in and own codecs by id and by name', () => {
  const own = custom(128, 'own')
  const registry = new CodecRegistry([own, custom(255, 'last')])
  expect(registry.byId(0)).toBe(NONE_CODEC)
  expect(registry.byId(1)).toBe(DEFLATE_CODEC)
  expect(registry.byName('deflate')).toBe(DEFLATE_CODEC)
  expect(registry.byId(128)).toBe(own)
  expect(registry.byName('own')).toBe(own)
  expect(registry.byId(2)).toBeUndefined()
  expect(registry.byName('toString')).toBeUndefined()
  expect(BUILT_IN_CODECS.byId(128)).toBeUndefined()
})

test.each([
  ['a reserved id', [custom(2, 'own')]],
  ['the last reserved id', [custom(127, 'own')]],
  ['an id over 255', [custom(256, 'own')]],
  ['a broken id', [custom(128.5, 'own')]],
  ['an id twice', [custom(128, 'a'), custom(128, 'b')]],
  ['a name twice', [custom(128, 'a'), custom(129, 'a')]],
  ['the name of a built-in codec', [custom(128, 'deflate')]],
  ['no name', [custom(128, '')]],
])('a registry refuses %s', (_what, codecs) => {
  expect(codeOf(() => new CodecRegistry(codecs))).toBe('LDB_INVALID_ARGUMENT')
})
