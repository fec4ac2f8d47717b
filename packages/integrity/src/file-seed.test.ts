import { expect, test } from 'vitest'
import { seedOfFile } from './file-seed.js'
import { SEED_ZERO } from './seed64.js'
import { xxHash64 } from './xxhash64.js'

test('the seed of a file is the worked example of FORMAT.md, the hash of its id', () => {
  const fileId = Uint8Array.from({ length: 16 }, (_, index) => index)
  const { low, high } = seedOfFile(fileId)
  const hash = new Int32Array(2)
  xxHash64(fileId, 0, 16, SEED_ZERO, hash)
  expect([low, high]).toEqual([...hash])
  const hex = [high, low].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('')
  expect(hex).toBe('44b6ef2fb84169f7')
})

test('every bit of the file id changes the seed', () => {
  const seeds = new Set<string>()
  for (let bit = 0; bit < 128; bit++) {
    const fileId = new Uint8Array(16)
    fileId[bit >> 3] = 1 << (bit & 7)
    const { low, high } = seedOfFile(fileId)
    seeds.add(`${low}/${high}`)
  }
  expect(seeds.size).toBe(128)
})

test('a file id of another length is a programmer error', () => {
  expect(() => seedOfFile(new Uint8Array(15))).toThrow('a file id has 16 bytes')
})
