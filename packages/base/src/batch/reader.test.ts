import { expect, it } from 'vitest'
import { BatchReader } from './reader.js'
import { WriteBatch } from './write-batch.js'

const corrupt = expect.objectContaining({ code: 'LDB_CORRUPTION' })
const NOTHING = new Uint8Array(0)

it('reads operations at the starts of a section, and refuses starts outside it', () => {
  const batch = new WriteBatch()
  for (const key of [1, 2, 3]) batch.put(1, Uint8Array.of(key), Uint8Array.of(10 * key))
  const [section] = batch.sections()
  if (section === undefined) throw new Error('the batch has no section')
  const second = section.start + 5
  const bytes = section.bytes.slice(0, section.end)
  const starts = Int32Array.of(second + 5, section.start, second)
  const scattered = { bytes, start: section.start, end: section.end, operationCount: 2, starts }
  const reader = new BatchReader()
  reader.reset(scattered)
  const keys: number[] = []
  while (reader.next()) keys.push(bytes[reader.keyStart] as number, bytes[reader.valueStart] as number)
  expect(keys).toEqual([3, 30, 1, 10])
  for (const outside of [section.start - 1, section.end, -1]) {
    reader.reset({ ...scattered, starts: Int32Array.of(outside, second) })
    expect(() => reader.next()).toThrow(corrupt)
  }
  reader.reset({ ...scattered, operationCount: 4 })
  for (let count = 0; count < 3; count++) expect(reader.next()).toBe(true)
  expect(() => reader.next()).toThrow(corrupt)
})

it('keeps failing at a corrupt operation, and refuses a section outside its buffer', () => {
  const reader = new BatchReader()
  reader.reset({ bytes: Uint8Array.of(9), start: 0, end: 1, operationCount: 1 })
  expect(() => reader.next()).toThrow(corrupt)
  expect(reader.kind).toBe(0)
  expect(() => reader.next()).toThrow(corrupt)
  expect(() => reader.reset({ bytes: NOTHING, start: 0, end: 1, operationCount: 1 })).toThrow(corrupt)
  expect(() => reader.reset({ bytes: NOTHING, start: 1, end: 0, operationCount: 1 })).toThrow(corrupt)
})
