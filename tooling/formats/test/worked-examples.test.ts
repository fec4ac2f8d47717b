// The worked examples of the FORMAT.md documents.
import { describe, expect, test } from 'vitest'
import { ByteView } from '../src/bytes/byte-view.js'
import { openXaes256Gcm } from '../src/encryption/xaes256-gcm.js'
import { readFileHeader, seedOfFile } from '../src/bytes/file-header.js'
import { xxHash64 } from '../src/bytes/xx-hash64.js'
import { readBatch } from '../src/database/batch.js'
import { readTuple } from '../src/database/tuple-key.js'
import { decompressed } from '../src/bytes/payload.js'
import { isReferring, readValue } from '../src/database/value-header.js'

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/[0-9a-f]{2}/gi) ?? [], (byte) => parseInt(byte, 16))
}

function asciiOf(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0))
}

test('xxHash64, by the vectors of its specification', () => {
  expect(xxHash64(new Uint8Array(), 0n)).toBe(0xef46_db37_51d8_e999n)
  expect(xxHash64(asciiOf('a'), 0n)).toBe(0xd24e_c4f1_a98c_6e5bn)
  expect(xxHash64(asciiOf('abcdefghijklmnopqrstuvwxyz0123456789'), 0n)).toBe(0x64f2_3ecf_1609_b766n)
})

test('XAES-256-GCM, by the vectors of its specification', () => {
  const nonce = asciiOf('ABCDEFGHIJKLMNOPQRSTUVWX')
  for (const [key, associated, sealed] of [
    [1, '', 'ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271'],
    [3, 'c2sp.org/XAES-256-GCM', '986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d'],
  ] as const) {
    const parts = [new Uint8Array(32).fill(key), nonce, asciiOf(associated)] as const
    expect(openXaes256Gcm(...parts, bytesOf(sealed))).toEqual(asciiOf('XAES-256-GCM'))
    expect(openXaes256Gcm(...parts, bytesOf(`00${sealed.slice(2)}`))).toBeUndefined()
  }
})

describe('packages/integrity', () => {
  test('file header', () => {
    const header = bytesOf('8C 4C 44 43 0D 0A 1A 0A 02 00 01 00 00 00 00 00 59 AE 5E 07 89 22 C4 54')
    expect(readFileHeader(new ByteView(header), 'C', 2)).toEqual({ format: 2, minimumReader: 1, flags: 0 })
  })

  test('checksum seed of a file', () => {
    expect(seedOfFile(Uint8Array.from({ length: 16 }, (_, index) => index))).toBe(0x44b6_ef2f_b841_69f7n)
  })

  test('LZ4', () => {
    const block = bytesOf('1A 61 01 00 50 61 61 61 61 61')
    expect(decompressed(2, block, 20)).toEqual(asciiOf('a'.repeat(20)))
    for (const rawBytes of [0, 19, 21, 2600])
      expect(() => decompressed(2, block, rawBytes)).toThrow(
        expect.objectContaining({ code: 'LDB_CORRUPTION' }),
      )
    for (const [codec, code] of [
      [3, 'LDB_UNSUPPORTED'],
      [130, 'LDB_UNSUPPORTED'],
      [4, 'LDB_FORMAT'],
    ] as const)
      expect(() => decompressed(codec, block, 20)).toThrow(expect.objectContaining({ code }))
  })
})

describe('packages/base', () => {
  test('write batch', () => {
    const batch = bytesOf('07 00 00 00 02 00 00 00 09 00 00 00 01 01 61 02 78 79 02 01 62')
    const operations = [
      { kind: 'put', key: asciiOf('a'), second: asciiOf('xy') },
      { kind: 'delete', key: asciiOf('b'), second: new Uint8Array() },
    ]
    expect(readBatch(batch)).toEqual([{ keyspaceId: 7, operations }])
  })

  test('tuple', () => {
    const tuple = bytesOf('30 55 53 00 20 c0 14 00 00 00 00 00 00 48 29 01 01 00')
    expect(readTuple(tuple)).toEqual(['US', 5, [1n]])
  })
})

describe('packages/core', () => {
  test('value header', () => {
    const noBlobs = new Map()
    const stored = bytesOf('FF 54 54 4C 0A 00 00 00 00 00 00 00 61')
    expect(readValue(stored, noBlobs)).toEqual({ value: asciiOf('a'), expiresAt: 10 })
    expect(readValue(bytesOf('FF 54 54 4C 0A'), noBlobs)).toEqual({
      value: bytesOf('FF 54 54 4C 0A'),
      expiresAt: 0,
    })
    expect(isReferring(stored)).toBe(false)
    expect(isReferring(bytesOf('FF 54 54 4C 0A 00 00 00 00 00 00 80 61'))).toBe(true)
  })
})
