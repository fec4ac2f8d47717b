import { isLdbError } from '@ldb/base'
import type { LdbError } from '@ldb/base'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeFileHeader, encodeFileHeader } from './file-header.js'
import type { KnownFormat } from './file-header.js'

const known: KnownFormat = { file: 'CATALOG', kind: 'C', format: 2 }
const header = { kind: 'C', format: 2, minimumReader: 1, flags: 0 }

function errorOf(action: () => unknown): LdbError {
  try {
    action()
  } catch (error) {
    if (isLdbError(error)) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

test('encodes the worked example of FORMAT.md', () => {
  const bytes = encodeFileHeader(header)
  const hex = [...bytes].map((byte) => byte.toString(16).toUpperCase().padStart(2, '0')).join(' ')
  expect(hex).toBe('8C 4C 44 43 0D 0A 1A 0A 02 00 01 00 00 00 00 00 59 AE 5E 07 89 22 C4 54')
})

test('decodes any encoded header, at any offset and with trailing bytes', () => {
  const version = fc.integer({ min: 1, max: 0xffff })
  fc.assert(
    fc.property(version, version, fc.nat(0xffffffff), fc.nat(9), (one, other, flags, before) => {
      const written = { kind: 'Z', format: Math.max(one, other), minimumReader: Math.min(one, other), flags }
      const holder = new Uint8Array(60)
      holder.set(encodeFileHeader(written), before)
      const reader = { file: 'x', kind: 'Z', format: written.minimumReader, flags: 0xffffffff }
      expect(decodeFileHeader(holder.subarray(before), reader)).toEqual(written)
    }),
  )
})

test('rejects a file that needs a newer reader, with both versions in the error', () => {
  const error = errorOf(() =>
    decodeFileHeader(encodeFileHeader({ ...header, format: 9, minimumReader: 7 }), known),
  )
  expect(error.code).toBe('LDB_FORMAT')
  expect(error.message).toContain('7')
  expect(error.message).toContain('2')
  expect(error.details).toMatchObject({ file: 'CATALOG', offset: 0, expected: 2, actual: 7 })
})

test('reads a newer format with a supported minimum reader', () => {
  expect(decodeFileHeader(encodeFileHeader({ ...header, format: 9 }), known).format).toBe(9)
})

test('rejects unsupported flags', () => {
  const bytes = encodeFileHeader({ ...header, flags: 0x80000001 })
  expect(errorOf(() => decodeFileHeader(bytes, { ...known, flags: 1 })).message).toContain('0x80000000')
  expect(decodeFileHeader(bytes, { ...known, flags: 0x80000001 }).flags).toBe(0x80000001)
})

test('rejects another kind of LDB file and files that are not LDB files', () => {
  const other = errorOf(() => decodeFileHeader(encodeFileHeader({ ...header, kind: 'W' }), known))
  expect(other.code).toBe('LDB_FORMAT')
  expect(other.details).toMatchObject({ expected: 'C', actual: 'W' })
  for (const bytes of [
    new Uint8Array(0),
    new Uint8Array(100),
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10),
  ]) {
    expect(errorOf(() => decodeFileHeader(bytes, known)).code).toBe('LDB_FORMAT')
  }
})

test('rejects truncation at any byte', () => {
  const bytes = encodeFileHeader(header)
  for (let end = 0; end < bytes.length; end++) {
    const error = errorOf(() => decodeFileHeader(bytes.subarray(0, end), known))
    expect(error.code).toBe(end < 8 ? 'LDB_FORMAT' : 'LDB_CORRUPTION')
    expect(error.details).toMatchObject({ file: 'CATALOG', offset: 0 })
  }
})

test('detects a flip of any bit', () => {
  const bytes = encodeFileHeader(header)
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = bytes.slice()
    flipped[bit >> 3]! ^= 1 << (bit & 7)
    expect(errorOf(() => decodeFileHeader(flipped, known)).code).toBe(
      bit < 64 ? 'LDB_FORMAT' : 'LDB_CORRUPTION',
    )
  }
})

test('rejects invalid fields on encoding', () => {
  for (const wrong of [{ kind: 'c' }, { kind: 'CC' }, { format: 0 }, { minimumReader: 3 }, { flags: -1 }]) {
    expect(errorOf(() => encodeFileHeader({ ...header, ...wrong })).code).toBe('LDB_INVARIANT')
  }
})
