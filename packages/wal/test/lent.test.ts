// Strategy: payloads of many lengths, lent and copied in turn, with the room that they need around them, with less, and with none.
// Invariants: all come out as they went in, in order; a large one is not copied, and nothing but its room is changed.
import { MemoryVfs } from '@ldb/vfs'
import { expect, test } from 'vitest'
import { RECORD_HEADER_BYTES } from '../src/format.js'
import { Wal } from '../src/index.js'
import { codeOf } from './error-code.js'
import { findingsOf, hexOf, payloadOf, recordsOf } from './log-content.js'
import { SimulatedVfs } from './simulated-vfs.js'

const OPTIONS = { segmentBytes: 65_536, bufferBytes: 4096 }
const LENGTHS = [0, 255, 256, 257, 1000, 3, 1024, 4096, 5000, 20, 70_000, 300, 301]

/** A payload with so many bytes in front of it and behind it. */
function placed(number: number, byteCount: number, before: number, behind: number): Uint8Array {
  const backing = new Uint8Array(before + byteCount + behind).fill(0xee)
  backing.set(payloadOf(number, byteCount), before)
  return backing.subarray(before, before + byteCount)
}

test.each([
  ['the room that it needs', 32, 8],
  ['more room', 50, 40],
  ['too little in front', 31, 8],
  ['none behind', 32, 0],
])('lent payloads come out as they went in, with %s', (_, before, behind) => {
  const vfs = new MemoryVfs()
  const wal = Wal.open(vfs, 'log', OPTIONS)
  const expected: string[] = []
  for (let round = 0; round < 3; round++) {
    for (const length of LENGTHS) {
      const payload = placed(expected.length, length, before, behind)
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

test('only a large payload with room is written from where it lies, and only when it is lent', () => {
  // 4096 times the least length that is not copied where invariants are checked.
  const wal = Wal.open(new MemoryVfs(), 'log', { bufferBytes: 4096 * 256 })
  const appendAndSpoil = (payload: Uint8Array, isBorrowed: boolean): void => {
    wal.append(payload, { isBorrowed })
    payload.fill(7)
  }
  appendAndSpoil(placed(1, 255, 32, 8), true)
  appendAndSpoil(placed(2, 256, 31, 8), true)
  appendAndSpoil(placed(3, 256, 32, 8), false)
  wal.flush()
  const expected = [hexOf(payloadOf(1, 255)), hexOf(payloadOf(2, 256)), hexOf(payloadOf(3, 256))]
  expect(recordsOf(wal).map(({ payload }) => payload)).toEqual(expected)
  appendAndSpoil(placed(4, 256, 32, 8), true)
  wal.flush()
  expect(codeOf(() => recordsOf(wal))).toBe('LDB_CORRUPTION')
})

test('records between which others are lent are written in their order', () => {
  const vfs = new SimulatedVfs()
  const wal = Wal.open(vfs, 'log', { ...OPTIONS, bufferBytes: 16_384 })
  wal.append(payloadOf(1, 100))
  wal.append(placed(2, 2000, 32, 8), { isBorrowed: true })
  wal.append(placed(3, 2000, 32, 8), { isBorrowed: true })
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
