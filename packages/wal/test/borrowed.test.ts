// Strategy: payloads of many lengths, alternately borrowed and copied, with sufficient, larger, smaller and no margins in their buffer.
// Invariants: all are read back unchanged and in order; a large borrowed one is not copied, and only its margins are overwritten.
import { MemoryVfs } from '@ldb/vfs'
import { expect, test } from 'vitest'
import { RECORD_HEADER_BYTES } from '../src/format.js'
import { Wal } from '../src/index.js'
import { codeOf } from './error-code.js'
import { findingsOf, hexOf, payloadOf, recordsOf } from './log-content.js'
import { SimulatedVfs } from './simulated-vfs.js'

const OPTIONS = { segmentBytes: 65_536, bufferBytes: 4096 }
const LENGTHS = [0, 255, 256, 257, 1000, 3, 1024, 4096, 5000, 20, 70_000, 300, 301]

/** Returns a payload inside a larger buffer, with the given margins. */
function withMargins(number: number, byteCount: number, before: number, after: number): Uint8Array {
  const backing = new Uint8Array(before + byteCount + after).fill(0xee)
  backing.set(payloadOf(number, byteCount), before)
  return backing.subarray(before, before + byteCount)
}

test.each([
  ['sufficient margins', 32, 8],
  ['larger margins', 50, 40],
  ['too small a margin before', 31, 8],
  ['no margin after', 32, 0],
])('borrowed payloads are read back unchanged, with %s', (_, before, after) => {
  const vfs = new MemoryVfs()
  const wal = Wal.open(vfs, 'log', OPTIONS)
  const expected: string[] = []
  for (let round = 0; round < 3; round++) {
    for (const length of LENGTHS) {
      const payload = withMargins(expected.length, length, before, after)
      expected.push(hexOf(payload))
      wal.append(payload, { isBorrowed: (expected.length & 1) === round % 2, seq: expected.length })
      expect(hexOf(payload)).toBe(expected.at(-1))
      const all = new Uint8Array(payload.buffer)
      expect(all.subarray(0, Math.max(0, before - RECORD_HEADER_BYTES)).every((byte) => byte === 0xee)).toBe(
        true,
      )
      expect(all.subarray(before + length + 8).every((byte) => byte === 0xee)).toBe(true)
      if (length === 1024) wal.flush()
    }
  }
  wal.sync()
  expect(recordsOf(wal).map(({ payload }) => payload)).toEqual(expected)
  wal.close()
  const again = Wal.open(vfs, 'log', OPTIONS)
  expect(recordsOf(again).map(({ payload }) => payload)).toEqual(expected)
  expect(findingsOf(again)).toEqual([])
})

test('only a large borrowed payload with margins is written without a copy', () => {
  // 4096 times the smallest length that test builds borrow.
  const wal = Wal.open(new MemoryVfs(), 'log', { bufferBytes: 4096 * 256 })
  const appendAndOverwrite = (payload: Uint8Array, isBorrowed: boolean): void => {
    wal.append(payload, { isBorrowed })
    payload.fill(7)
  }
  appendAndOverwrite(withMargins(1, 255, 32, 8), true)
  appendAndOverwrite(withMargins(2, 256, 31, 8), true)
  appendAndOverwrite(withMargins(3, 256, 32, 8), false)
  wal.flush()
  const expected = [hexOf(payloadOf(1, 255)), hexOf(payloadOf(2, 256)), hexOf(payloadOf(3, 256))]
  expect(recordsOf(wal).map(({ payload }) => payload)).toEqual(expected)
  appendAndOverwrite(withMargins(4, 256, 32, 8), true)
  wal.flush()
  expect(codeOf(() => recordsOf(wal))).toBe('LDB_CORRUPTION')
})

test('copied and borrowed records are written in append order', () => {
  const vfs = new SimulatedVfs()
  const wal = Wal.open(vfs, 'log', { ...OPTIONS, bufferBytes: 16_384 })
  wal.append(payloadOf(1, 100))
  wal.append(withMargins(2, 2000, 32, 8), { isBorrowed: true })
  wal.append(withMargins(3, 2000, 32, 8), { isBorrowed: true })
  wal.append(payloadOf(4, 100))
  vfs.trace.length = 0
  wal.flush()
  expect(vfs.trace.map((line) => line.split('+')[1])).toEqual(['136', '2032', '2032', '136'])
  expect(recordsOf(wal).map(({ payload }) => payload)).toEqual([
    hexOf(payloadOf(1, 100)),
    hexOf(payloadOf(2, 2000)),
    hexOf(payloadOf(3, 2000)),
    hexOf(payloadOf(4, 100)),
  ])
})
