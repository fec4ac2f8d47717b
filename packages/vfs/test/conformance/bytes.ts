import { afterEach, beforeEach, expect, it } from 'vitest'
import type { VfsFile } from '../../src/index.js'
import { contentOf, equalBytes, expectCode, pathIn } from './subject.js'
import type { GetSubject } from './subject.js'

/** Tests the methods of an open file. */
export function describeBytes(getSubject: GetSubject): void {
  let file: VfsFile
  beforeEach(() => {
    file = getSubject().vfs.open(pathIn(getSubject(), 'file'), 'create')
  })
  afterEach(() => {
    file.close()
  })

  it('writes and reads at offsets of arrays and files', () => {
    file.write(Uint8Array.of(0, 1, 2, 3, 4), 1, 3, 2)
    expect([...contentOf(file)]).toEqual([0, 0, 1, 2, 3])
    const target = new Uint8Array(6).fill(9)
    expect(file.read(target, 2, 2, 3)).toBe(2)
    expect([...target]).toEqual([9, 9, 2, 3, 9, 9])
  })

  it('a read ends at the end of the file', () => {
    file.write(Uint8Array.of(1, 2, 3), 0, 3, 0)
    const target = new Uint8Array(4).fill(9)
    expect(file.read(target, 0, 4, 1)).toBe(2)
    expect([...target]).toEqual([2, 3, 9, 9])
    expect(file.read(target, 0, 4, 3)).toBe(0)
    expect(file.read(target, 0, 4, 2 ** 40)).toBe(0)
  })

  it('a transfer of zero bytes does nothing', () => {
    file.write(new Uint8Array(0), 0, 0, 100)
    expect(file.length()).toBe(0)
    file.write(Uint8Array.of(1), 1, 0, 5)
    expect(file.length()).toBe(0)
    expect(file.read(new Uint8Array(0), 0, 0, 0)).toBe(0)
  })

  it('unwritten ranges read as zeros, at offsets beyond 2^31, 2^32 and 2^40', () => {
    const offsets = [2 ** 31 - 2, 2 ** 32 - 2, 2 ** 40 - 2]
    for (const [index, offset] of offsets.entries()) {
      file.write(Uint8Array.of(1, 2, 3, index), 0, 4, offset)
      expect(file.length()).toBe(offset + 4)
    }
    const target = new Uint8Array(8)
    for (const [index, offset] of offsets.entries()) {
      target.fill(9)
      file.read(target, 0, 8, offset - 2)
      expect([...target.subarray(0, 6)]).toEqual([0, 0, 1, 2, 3, index])
    }
    file.truncate(2 ** 32)
    expect(file.length()).toBe(2 ** 32)
    file.truncate(2 ** 40)
    expect(file.read(target, 0, 8, 2 ** 32 - 2)).toBe(8)
    expect([...target]).toEqual([1, 2, 0, 0, 0, 0, 0, 0])
  })

  it('extending after a truncation reads zeros', () => {
    const bytes = new Uint8Array(200_000).map((_, index) => index % 251)
    file.write(bytes, 0, bytes.length, 0)
    for (const length of [131_073, 131_072, 65_537, 10, 0]) {
      file.truncate(length)
      expect(file.length()).toBe(length)
      file.truncate(200_000)
      const expected = new Uint8Array(200_000)
      expected.set(bytes.subarray(0, length))
      expect(equalBytes(contentOf(file), expected)).toBe(true)
    }
  })

  it('preallocates zeros beyond the end of the file only', () => {
    file.write(Uint8Array.of(1, 2, 3), 0, 3, 0)
    file.preallocate(2)
    expect(file.length()).toBe(3)
    file.preallocate(2_500_000)
    expect(file.length()).toBe(2_500_000)
    const expected = new Uint8Array(2_500_000)
    expected.set([1, 2, 3])
    expect(equalBytes(contentOf(file), expected)).toBe(true)
    file.sync()
  })

  it('the asynchronous API returns the same results', async () => {
    const bytes = new Uint8Array(150_000).map((_, index) => index % 253)
    await file.writeAsync(bytes, 10, 149_990, 7)
    await file.syncAsync()
    const target = new Uint8Array(149_997)
    expect(await file.readAsync(target, 0, 149_997, 0)).toBe(149_997)
    expect(equalBytes(target, contentOf(file))).toBe(true)
    expect(equalBytes(target.subarray(7), bytes.subarray(10))).toBe(true)
    expect(await file.readAsync(target, 0, 100, 149_990)).toBe(7)
    expect(await file.readAsync(target, 0, 100, 2 ** 40)).toBe(0)
    expect(await file.readAsync(target, 5, 0, 0)).toBe(0)
    await file.writeAsync(bytes, 0, 0, 2 ** 33)
    expect(file.length()).toBe(149_997)
  })

  it('refuses every operation after close, and writes to a file opened for reading', async () => {
    const reader = getSubject().vfs.open(pathIn(getSubject(), 'file'), 'read')
    const one = Uint8Array.of(1)
    expectCode('LDB_READ_ONLY', () => reader.write(one, 0, 1, 0))
    expectCode('LDB_READ_ONLY', () => reader.truncate(0))
    expectCode('LDB_READ_ONLY', () => reader.preallocate(1))
    await expect(reader.writeAsync(one, 0, 1, 0)).rejects.toMatchObject({ code: 'LDB_READ_ONLY' })
    reader.close()
    reader.close()
    expectCode('LDB_CLOSED', () => reader.read(one, 0, 1, 0))
    expectCode('LDB_CLOSED', () => reader.length())
    expectCode('LDB_CLOSED', () => reader.sync())
    await expect(reader.readAsync(one, 0, 1, 0)).rejects.toMatchObject({ code: 'LDB_CLOSED' })
    await expect(reader.syncAsync()).rejects.toMatchObject({ code: 'LDB_CLOSED' })
    file.write(one, 0, 1, 0)
  })

  it('close lets asynchronous operations in flight complete', async () => {
    const bytes = new Uint8Array(3_000_000).fill(5)
    const writing = file.writeAsync(bytes, 0, bytes.length, 0)
    file.close()
    await writing
    expect(getSubject().vfs.status(pathIn(getSubject(), 'file'))?.length).toBe(3_000_000)
  })

  it('asserts that spans are in bounds', () => {
    const bytes = new Uint8Array(4)
    const wrong: [number, number, number][] = [
      [5, 0, 0],
      [2, 3, 0],
      [-1, 1, 0],
      [0, -1, 0],
      [0, 1, -1],
      [0, 1, 0.5],
    ]
    for (const [start, byteCount, offset] of [...wrong, [0, 2, Number.MAX_SAFE_INTEGER] as const]) {
      expectCode('LDB_INVARIANT', () => file.read(bytes, start, byteCount, offset))
      expectCode('LDB_INVARIANT', () => file.write(bytes, start, byteCount, offset))
    }
    expectCode('LDB_INVARIANT', () => file.truncate(-1))
    expectCode('LDB_INVARIANT', () => file.preallocate(2 ** 53))
    expect(file.length()).toBe(0)
  })
}
