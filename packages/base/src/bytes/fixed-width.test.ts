import fc from 'fast-check'
import { expect, it } from 'vitest'
import { readU16, readU32, readU64, readCheckedU64, writeU16, writeU32, writeU64 } from './fixed-width.js'

it('reads and writes the same as DataView, at any offset', () => {
  const safe = fc.oneof(
    fc.maxSafeNat(),
    fc.constantFrom(0, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x1_0000_0000, Number.MAX_SAFE_INTEGER),
  )
  fc.assert(
    fc.property(safe, fc.nat(3), (value, offset) => {
      const bytes = new Uint8Array(offset + 8)
      const view = new DataView(bytes.buffer)
      writeU64(bytes, offset, value)
      expect(view.getBigUint64(offset, true)).toBe(BigInt(value))
      expect(readU64(bytes, offset)).toBe(value)
      expect(readCheckedU64(bytes, offset, 'f', 0)).toBe(value)
      const low = value % 0x1_0000_0000
      writeU32(bytes, offset, low)
      expect(view.getUint32(offset, true)).toBe(low)
      expect(readU32(bytes, offset)).toBe(low)
      writeU16(bytes, offset, low % 0x1_0000)
      expect(view.getUint16(offset, true)).toBe(low % 0x1_0000)
      expect(readU16(bytes, offset)).toBe(low % 0x1_0000)
    }),
  )
})

it('names the position of a number above 2^53 - 1', () => {
  const bytes = new Uint8Array(8)
  bytes[6] = 0x20
  expect(readU64(bytes, 0)).toBe(-1)
  expect(() => readCheckedU64(bytes, 0, 'wal/1.wal', 4096)).toThrow(
    expect.objectContaining({
      code: 'LDB_CORRUPTION',
      details: expect.objectContaining({ file: 'wal/1.wal', offset: 4096 }),
    }),
  )
  expect(readU64(new Uint8Array(8).fill(0xff), 0)).toBe(-1)
})

it('refuses values and offsets out of range', () => {
  const bytes = new Uint8Array(8)
  const invariant = expect.objectContaining({ code: 'LDB_INVARIANT' })
  for (const value of [-1, 0.5, Number.NaN, 2 ** 53, Infinity]) {
    expect(() => writeU16(bytes, 0, value)).toThrow(invariant)
    expect(() => writeU32(bytes, 0, value)).toThrow(invariant)
    expect(() => writeU64(bytes, 0, value)).toThrow(invariant)
  }
  expect(() => writeU16(bytes, 0, 0x1_0000)).toThrow(invariant)
  expect(() => writeU32(bytes, 0, 2 ** 32)).toThrow(invariant)
  expect(() => readU16(bytes, 7)).toThrow(invariant)
  expect(() => readU32(bytes, 5)).toThrow(invariant)
  expect(() => readU64(bytes, 1)).toThrow(invariant)
  expect(() => writeU64(bytes, 1, 0)).toThrow(invariant)
  expect(bytes).toEqual(new Uint8Array(8))
})
