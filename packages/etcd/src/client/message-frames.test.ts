import { expect, test } from 'vitest'
import { frameMessage, MessageFrames } from './message-frames.js'

function frames(...lengths: number[]): Uint8Array {
  const parts = lengths.map((length) =>
    frameMessage((writer) => {
      writer.bytes(1, new Uint8Array(length).fill(length))
    }),
  )
  return new Uint8Array(Buffer.concat(parts))
}

test('messages are found however the bytes arrive', () => {
  const bytes = frames(0, 1, 200, 5, 0, 1000)
  for (const chunkBytes of [1, 2, 3, 4, 5, 6, 7, 64, 999, bytes.length]) {
    const received = new MessageFrames()
    const lengths: number[] = []
    for (let start = 0; start < bytes.length; start += chunkBytes) {
      received.push(bytes.slice(start, start + chunkBytes))
      for (let next = received.next(); next !== undefined; next = received.next()) {
        lengths.push(next.length)
        expect(next.every((byte, index) => index < 3 || byte === next[next.length - 1])).toBe(true)
      }
    }
    expect(lengths).toEqual([0, 3, 203, 7, 0, 1003])
    expect(received.pendingBytes).toBe(0)
  }
})

test('an incomplete message is not returned, and a compressed one is refused', () => {
  const received = new MessageFrames()
  received.push(frames(10).subarray(0, 9))
  expect(received.next()).toBeUndefined()
  const compressed = new MessageFrames()
  compressed.push(new Uint8Array([1, 0, 0, 0, 0]))
  expect(() => compressed.next()).toThrow('compressed')
})
