import { expect, test } from 'vitest'
import { BlockBuffers } from './block-buffers.js'

test('a buffer that was returned is taken again, for a block that it fits', () => {
  const buffers = new BlockBuffers()
  const first = buffers.take(4000)
  expect(first.bytes.length).toBe(4096)
  expect(first.words.buffer).toBe(first.bytes.buffer)
  buffers.give(first)
  expect(buffers.take(5000)).not.toBe(first)
  const again = buffers.take(4090)
  expect(again).toBe(first)
  expect(buffers.take(4090)).not.toBe(first)
})

test('spare buffers are bounded, in bytes and in length', () => {
  const buffers = new BlockBuffers()
  const taken = Array.from({ length: 300 }, () => buffers.take(4096))
  for (const buffer of taken) buffers.give(buffer)
  const reused = Array.from({ length: 300 }, () => buffers.take(4096)).filter((each) => taken.includes(each))
  expect(reused).toHaveLength(256)
  const long = buffers.take(40_000)
  buffers.give(long)
  expect(buffers.take(40_000)).not.toBe(long)
})
