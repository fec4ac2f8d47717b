import fc from 'fast-check'
import { expect, it } from 'vitest'
import { decodeVarint, encodeVarint, VARINT_BYTES_MAX, varintBytes } from './varint.js'

const EDGES = [0, 1, 0x7f, 0x80, 0x3fff, 0x4000, 0x1f_ffff, 0x20_0000, 0xfff_ffff, 0x1000_0000, 0x7fff_ffff]
const number = fc.oneof(fc.constantFrom(...EDGES, 0x8000_0000, 0xffff_ffff), fc.nat(0xffff_ffff), fc.nat(300))

it('decodes the encoded number and computes its length', () => {
  fc.assert(
    fc.property(number, fc.nat(3), (value, offset) => {
      const bytes = new Uint8Array(offset + VARINT_BYTES_MAX)
      const end = encodeVarint(value, bytes, offset)
      expect(end - offset).toBe(varintBytes(value))
      expect(decodeVarint(bytes, offset, end)).toBe(value)
      expect(decodeVarint(bytes, offset, bytes.length)).toBe(value)
      for (let cut = offset; cut < end; cut++) expect(decodeVarint(bytes, offset, cut)).toBe(-1)
    }),
  )
})

it('accepts canonical encodings only', () => {
  const anyByte = fc.oneof(fc.constantFrom(0, 1, 0x0f, 0x10, 0x7f, 0x80, 0x8f, 0xff), fc.nat(255))
  fc.assert(
    fc.property(fc.array(anyByte, { maxLength: 7 }), (list) => {
      const bytes = Uint8Array.from(list)
      const value = decodeVarint(bytes, 0, bytes.length)
      if (value < 0) return
      const again = new Uint8Array(VARINT_BYTES_MAX)
      const end = encodeVarint(value, again, 0)
      expect(again.subarray(0, end)).toEqual(bytes.subarray(0, end))
    }),
    { numRuns: 5000 },
  )
})

it.each([
  ['a superfluous byte', [0x80, 0x00]],
  ['zero in five bytes', [0x80, 0x80, 0x80, 0x80, 0x00]],
  ['more than 32 bits', [0xff, 0xff, 0xff, 0xff, 0x10]],
  ['a sixth byte', [0xff, 0xff, 0xff, 0xff, 0x8f, 0x01]],
  ['nothing', []],
])('refuses %s', (_, list) => {
  expect(decodeVarint(Uint8Array.from(list), 0, list.length)).toBe(-1)
})
