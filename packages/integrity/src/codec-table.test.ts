import { isLdbError } from '@ldb/base'
import { expect, test } from 'vitest'
import { checkedCodec, CodecTable, unknownCodec } from './codec-table.js'
import { COMPRESSED_RAW_BYTES_MAX, LZ4_CODEC } from './codec.js'
import type { CompressionCodec } from './codec.js'

/** Replaces each byte by its complement, and drops the last one, which is 0. */
const COMPLEMENT: CompressionCodec = {
  id: 130,
  name: 'complement',
  compress: (bytes) => bytes.slice(0, -1).map((byte) => byte ^ 0xff),
  decompress: (bytes, rawBytes) => {
    const raw = new Uint8Array(rawBytes)
    bytes.forEach((byte, index) => (raw[index] = byte ^ 0xff))
    return raw
  },
}
const RAW = Uint8Array.of(1, 2, 3, 0)

function errorOf(call: () => unknown): { code: string; offset?: unknown; file?: unknown } {
  try {
    call()
  } catch (error) {
    if (isLdbError(error))
      return { code: error.code, offset: error.details['offset'], file: error.details.file }
    throw error
  }
  return { code: 'no error' }
}

test('a table has the built-in codecs, and those that are added', () => {
  const table = new CodecTable()
  expect([0, 1, 2, 3, 130].map((id) => table.find(id)?.name)).toEqual([
    'none',
    'deflate',
    'lz4',
    undefined,
    undefined,
  ])
  table.add(COMPLEMENT)
  expect(table.find(130)?.name).toBe('complement')
  expect(table.decompress(130, COMPLEMENT.compress(RAW)!, 4, 'file', 7)).toEqual(RAW)
  expect(new CodecTable().find(130)).toBeUndefined()
})

test('two codecs cannot have one id, but one codec can be added again', () => {
  const table = new CodecTable()
  table.add(COMPLEMENT)
  table.add({ ...COMPLEMENT })
  expect(errorOf(() => table.add({ ...COMPLEMENT, name: 'other' })).code).toBe('LDB_INVALID_ARGUMENT')
})

test('an unknown codec is LDB_UNSUPPORTED, and names the place', () => {
  expect(errorOf(() => new CodecTable().decompress(131, RAW, 4, 'file', 7))).toEqual({
    code: 'LDB_UNSUPPORTED',
    offset: 7,
    file: 'file',
  })
  expect(unknownCodec(9).message).toBe('this build has no codec 9')
  expect(unknownCodec(3).message).toBe('this build has no codec zstd, which Node has from 22.15 on')
  expect(unknownCodec(131).message).toContain('application')
})

test.each<[string, CompressionCodec['decompress']]>([
  [
    'throws',
    () => {
      throw new TypeError('no')
    },
  ],
  ['returns too few bytes', () => new Uint8Array(3)],
  ['returns too many bytes', () => new Uint8Array(5)],
  ['returns something else', () => 'text' as unknown as Uint8Array],
])('a codec that %s is LDB_CORRUPTION, and names the place', (_, decompress) => {
  const table = new CodecTable()
  table.add({ ...COMPLEMENT, decompress })
  expect(errorOf(() => table.decompress(130, RAW, 4, 'file', 7))).toEqual({
    code: 'LDB_CORRUPTION',
    offset: 7,
    file: 'file',
  })
})

test('the result of an application codec is a plain copy', () => {
  const shared = Buffer.from([9, 1, 2, 3, 0]).subarray(1)
  const table = new CodecTable()
  table.add({ ...COMPLEMENT, decompress: () => shared })
  const raw = table.decompress(130, RAW, 4, 'file', 7)
  shared.fill(7)
  expect(raw).toEqual(RAW)
  expect(raw.byteOffset).toBe(0)
  expect(Object.getPrototypeOf(raw)).toBe(Uint8Array.prototype)
})

test('damaged bytes and impossible lengths are LDB_CORRUPTION', () => {
  const table = new CodecTable()
  const block = LZ4_CODEC.compress(new Uint8Array(100))!
  expect(errorOf(() => table.decompress(2, block, 99, 'file', 7)).code).toBe('LDB_CORRUPTION')
  table.add({ ...COMPLEMENT, decompress: () => expect.fail('was called') })
  expect(errorOf(() => table.decompress(130, RAW, COMPRESSED_RAW_BYTES_MAX + 1, 'file', 7)).code).toBe(
    'LDB_CORRUPTION',
  )
})

test.each<[string, unknown]>([
  ['no object', 'lz4'],
  ['null', null],
  ['an id below 128', { ...COMPLEMENT, id: 127 }],
  ['an id above 255', { ...COMPLEMENT, id: 256 }],
  ['a fractional id', { ...COMPLEMENT, id: 130.5 }],
  ['no name', { ...COMPLEMENT, name: '' }],
  ['no compress', { ...COMPLEMENT, compress: undefined }],
  ['no decompress', { ...COMPLEMENT, decompress: 1 }],
])('an application codec with %s is refused', (_, codec) => {
  expect(errorOf(() => checkedCodec(codec)).code).toBe('LDB_INVALID_ARGUMENT')
})

test('a checked codec calls the methods of its object, and does not change with it', () => {
  class Codec {
    id = 140
    readonly name = 'counting'
    calls = 0
    compress(): undefined {
      this.calls++
      return undefined
    }
    decompress(bytes: Uint8Array): Uint8Array {
      this.calls++
      return bytes
    }
  }
  const codec = new Codec()
  const checked = checkedCodec(codec)
  codec.id = 3
  checked.compress(RAW)
  checked.decompress(RAW, 4)
  expect([checked.id, checked.name, codec.calls]).toEqual([140, 'counting', 2])
})
