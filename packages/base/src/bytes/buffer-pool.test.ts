// Strategy: buffers of sizes around the limits are released and acquired, and batches reuse one another's buffers.
// Invariants: an acquired buffer is large enough and has one owner; the content of a batch does not depend on its reused buffer.
import { expect, test } from 'vitest'
import { BufferPool } from './buffer-pool.js'
import { WriteBatch } from '../batch/write-batch.js'

const MIB = 1_048_576

test('a released buffer is acquired once, by a request that it fits', () => {
  const buffers = new BufferPool()
  expect(buffers.acquire(1)).toBeUndefined()
  const small = new Uint8Array(MIB - 1)
  const released = [2, 9, 5, 1].map((size) => new Uint8Array(size * MIB))
  for (const buffer of [small, ...released]) buffers.release(buffer)
  const acquired = [20, 6, 6, 3, 2, 1, 1, 1].map((size) => buffers.acquire(size * MIB))
  expect(acquired.map((buffer) => buffer && buffer.length / MIB)).toEqual([
    undefined,
    9,
    undefined,
    5,
    2,
    1,
    undefined,
    undefined,
  ])
  expect(new Set(acquired).size).toBe(5)
})

test('retains at most five buffers', () => {
  const buffers = new BufferPool()
  for (let count = 0; count < 20; count++) buffers.release(new Uint8Array(2 * MIB))
  let acquiredCount = 0
  while (buffers.acquire(MIB) !== undefined) acquiredCount++
  expect(acquiredCount).toBe(5)
})

test('batches that are filled one after the other reuse a buffer and contain only their own operations', () => {
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

test.each([2, 40])('a small batch does not retain a buffer of %i MiB', (size) => {
  const large = new WriteBatch()
  large.put(1, new Uint8Array(1), new Uint8Array(size * MIB))
  large.clear()
  const small = new WriteBatch()
  for (let count = 0; count < 10; count++) small.put(1, new Uint8Array(1), new Uint8Array(200))
  expect(small.encode().buffer.byteLength).toBeLessThan(100_000)
})

test('without weak references the pool retains the strongly referenced buffer only', () => {
  const { WeakRef } = globalThis
  try {
    Reflect.deleteProperty(globalThis, 'WeakRef')
    const batch = new WriteBatch()
    for (let count = 0; count < 50; count++) batch.put(1, Uint8Array.of(count), new Uint8Array(200_000))
    expect([batch.operationCount, batch.encode().length]).toEqual([50, batch.byteLength])
    batch.clear()
    const buffers = new BufferPool()
    for (const size of [9, 3, 2]) buffers.release(new Uint8Array(size * MIB))
    expect([9, 2, 2].map((size) => buffers.acquire(size * MIB)?.length)).toEqual([
      undefined,
      3 * MIB,
      undefined,
    ])
  } finally {
    globalThis.WeakRef = WeakRef
  }
})

test.each([1, 2])('an encoded batch of %i keyspaces has headroom and tailroom', (keyspaceCount) => {
  const batch = new WriteBatch()
  for (let bytes = 0; bytes < 3000; bytes += 7) {
    for (let id = 1; id <= keyspaceCount; id++) batch.put(id, new Uint8Array(8), new Uint8Array(bytes % 500))
    const encoded = batch.encode()
    expect(encoded.length).toBe(batch.byteLength)
    expect(encoded.byteOffset).toBeGreaterThanOrEqual(32)
    expect(encoded.buffer.byteLength - encoded.byteOffset - encoded.length).toBeGreaterThanOrEqual(8)
  }
})
