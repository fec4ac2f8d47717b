// Strategy: copies of every short length and of some long ones, at several alignments, between views inside larger buffers.
// Invariants: exactly the bytes of the range are copied; nothing is read or written outside a view.
import { expect, test } from 'vitest'
import { copyWords } from './copy-words.js'

const LENGTHS = [...new Array(40).keys(), 255, 256, 257, 300]
const FRONT = 5
const VIEW_BYTES = 320

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, FRONT, VIEW_BYTES)
}

test.each(LENGTHS)('copies %i bytes and no others', (length) => {
  for (const [from, to] of [
    [0, 0],
    [1, 2],
    [7, 3],
    [19, 20],
  ] as const) {
    const source = Uint8Array.from({ length: VIEW_BYTES + 2 * FRONT }, (_, index) => 1 + (index % 251))
    const target = new Uint8Array(source.length)
    copyWords(viewOf(source), from, viewOf(target), to, length)
    const expected = new Uint8Array(source.length)
    expected.set(source.subarray(FRONT + from, FRONT + from + length), FRONT + to)
    expect(target).toEqual(expected)
  }
})

test.each([10, 300])('refuses a copy of %i bytes that exceeds a view', (length) => {
  const source = new Uint8Array(VIEW_BYTES + 2 * FRONT)
  const start = VIEW_BYTES - length + 1
  expect(() => {
    copyWords(viewOf(source), start, viewOf(new Uint8Array(source.length)), 0, length)
  }).toThrow(RangeError)
  expect(() => {
    copyWords(viewOf(source), 0, viewOf(new Uint8Array(source.length)), start, length)
  }).toThrow(RangeError)
})
