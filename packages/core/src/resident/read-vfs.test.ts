import { ManualTime, MemoryVfs } from '@ldb/vfs'
import type { VfsFile } from '@ldb/vfs'
import { expect, it } from 'vitest'
import { READ_MISS, ReadGate } from './read-gate.js'
import { GatedVfs } from './read-vfs.js'

function opened(): { gate: ReadGate; file: VfsFile; read: () => number } {
  const time = new ManualTime()
  const gate = new ReadGate(time, time)
  const vfs = new GatedVfs(new MemoryVfs(), gate)
  const file = vfs.open('file', 'create')
  file.write(Uint8Array.of(1, 1, 1, 1), 0, 4, 0)
  const target = new Uint8Array(2)
  const read = (): number => {
    const count = file.read(target, 0, 2, 1)
    return count === 2 ? (target[0] as number) : -count
  }
  return { gate, file, read }
}

it('misses once, and then reads the staged span', async () => {
  const { gate, read } = opened()
  expect(gate.attempt(read)).toBe(READ_MISS)
  await gate.fetchMissed()
  expect(gate.attempt(read)).toBe(1)
  expect(gate.attempt(read)).toBe(READ_MISS)
  expect(read()).toBe(1)
  expect(gate.residentOnly).toBe(false)
})

it('retains the spans that an attempt has read, so that its retry makes progress', async () => {
  const { gate, file } = opened()
  const target = new Uint8Array(1)
  // Two spans, one of them read twice, as a cursor over out-of-line keys does.
  const readTwice = (): number =>
    file.read(target, 0, 1, 0) + file.read(target, 0, 1, 2) + file.read(target, 0, 1, 0)
  let missCount = 0
  for (; gate.attempt(readTwice) === READ_MISS; missCount++) await gate.fetchMissed()
  expect(missCount).toBe(2)
  expect(gate.attempt(readTwice)).toBe(READ_MISS)
})

it('never returns bytes from before a write, whether they were staged or still loading (A5)', async () => {
  const { gate, file, read } = opened()
  expect(gate.attempt(read)).toBe(READ_MISS)
  await gate.fetchMissed()
  file.write(Uint8Array.of(2), 0, 1, 1)
  expect(gate.attempt(read)).toBe(READ_MISS)
  const fetched = gate.fetchMissed()
  file.write(Uint8Array.of(3), 0, 1, 1)
  await fetched
  expect(await gate.read(read, () => undefined)).toBe(3)
  expect(gate.attempt(read)).toBe(READ_MISS)
  await gate.fetchMissed()
  file.truncate(0)
  expect(await gate.read(read, () => undefined)).toBe(-0)
})

it('reads synchronously after many misses, and passes errors through', async () => {
  const { gate } = opened()
  let attempts = 0
  const thrashing = (): string => {
    attempts++
    return gate.residentOnly ? gate.miss({ fetch: () => Promise.resolve() }) : 'read'
  }
  expect(await gate.read(thrashing, () => undefined)).toBe('read')
  expect(attempts).toBe(257)
  const failing = (): never => {
    throw new RangeError('mine')
  }
  expect(() => gate.attempt(failing)).toThrow('mine')
  expect(gate.residentOnly).toBe(false)
  await expect(
    gate.read(thrashing, () => {
      throw new RangeError('no longer')
    }),
  ).rejects.toThrow('no longer')
})
