// Strategy: buffers of sizes around the limits are given and taken, and batches use one another's. Invariants: nobody gets a buffer that
// is too small, and no two get the same one; what a batch holds does not depend on what was in its buffer.
import { expect, test } from 'vitest'
import { LargeBuffers } from './large-buffers.js'
import { WriteBatch } from '../batch/write-batch.js'

const MIB = 1_048_576

test('a buffer that was given is taken once, by somebody it is large enough for', () => {
  const buffers = new LargeBuffers()
  expect(buffers.take(1)).toBeUndefined()
  const small = new Uint8Array(MIB - 1)
  const given = [2, 9, 5, 1].map((size) => new Uint8Array(size * MIB))
  for (const buffer of [small, ...given]) buffers.give(buffer)
  const taken = [20, 6, 6, 3, 2, 1, 1, 1].map((size) => buffers.take(size * MIB))
  expect(taken.map((buffer) => buffer && buffer.length / MIB)).toEqual([
    undefined,
    9,
    undefined,
    5,
    2,
    1,
    undefined,
    undefined,
  ])
  expect(new Set(taken).size).toBe(5)
})

test('no more are kept than five', () => {
  const buffers = new LargeBuffers()
  for (let count = 0; count < 20; count++) buffers.give(new Uint8Array(2 * MIB))
  let taken = 0
  while (buffers.take(MIB) !== undefined) taken++
  expect(taken).toBe(5)
})

test('batches that are filled one after the other share a buffer, and hold only their own', () => {
  const batch = new WriteBatch()
  const other = new WriteBatch()
  const fill = (each: WriteBatch, mark: number): void => {
    for (let key = 0; key < 50; key++) each.put(1, Uint8Array.of(key), new Uint8Array(100_000).fill(mark))
  }
  const isOwn = (each: WriteBatch, mark: number): boolean => {
    const [section] = each.sections()
    return section!.bytes.subarray(section!.end - 100_000, section!.end).every((byte) => byte === mark)
  }
  fill(batch, 1)
  const { buffer } = batch.encode()
  batch.clear()
  fill(other, 2)
  expect(other.encode().buffer).toBe(buffer)
  fill(batch, 3)
  expect(batch.encode().buffer).not.toBe(buffer)
  expect([isOwn(other, 2), isOwn(batch, 3)]).toEqual([true, true])
  other.clear()
  other.put(1, Uint8Array.of(1), Uint8Array.of(2))
  expect([...other.encode()]).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0, 1, 1, 1, 1, 2])
})

test.each([2, 40])('a small batch does not keep a buffer of %i MiB', (size) => {
  const large = new WriteBatch()
  large.put(1, new Uint8Array(1), new Uint8Array(size * MIB))
  large.clear()
  const small = new WriteBatch()
  for (let count = 0; count < 10; count++) small.put(1, new Uint8Array(1), new Uint8Array(200))
  expect(small.encode().buffer.byteLength).toBeLessThan(100_000)
})

test('an engine without weak references keeps the buffers that are held for good, and no others', () => {
  const { WeakRef } = globalThis
  try {
    Reflect.deleteProperty(globalThis, 'WeakRef')
    const batch = new WriteBatch()
    for (let count = 0; count < 50; count++) batch.put(1, Uint8Array.of(count), new Uint8Array(200_000))
    expect([batch.operationCount, batch.encode().length]).toEqual([50, batch.byteLength])
    batch.clear()
    const buffers = new LargeBuffers()
    for (const size of [9, 3, 2]) buffers.give(new Uint8Array(size * MIB))
    expect([9, 2, 2].map((size) => buffers.take(size * MIB)?.length)).toEqual([undefined, 3 * MIB, undefined])
  } finally {
    globalThis.WeakRef = WeakRef
  }
})

test.each([1, 2])('an encoded batch of %i keyspaces has room around it', (keyspaceCount) => {
  const batch = new WriteBatch()
  for (let bytes = 0; bytes < 3000; bytes += 7) {
    for (let id = 1; id <= keyspaceCount; id++) batch.put(id, new Uint8Array(8), new Uint8Array(bytes % 500))
    const encoded = batch.encode()
    expect(encoded.length).toBe(batch.byteLength)
    expect(encoded.byteOffset).toBeGreaterThanOrEqual(32)
    expect(encoded.buffer.byteLength - encoded.byteOffset - encoded.length).toBeGreaterThanOrEqual(8)
  }
})
