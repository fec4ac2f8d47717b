// Strategy: the whole target is filled, however long it is, and no other file is taken for the device.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { nodeRandom } from './environment.js'
import { fillFromDevice } from './random-device.js'

test.runIf(process.platform === 'linux')('fills the whole target with other bytes each time', () => {
  const [a, b] = [new Uint8Array(4096), new Uint8Array(4096)]
  expect([fillFromDevice(a), fillFromDevice(b)]).toEqual([true, true])
  // A quarter of the bytes that is all 0 has a probability of 2^-8192.
  for (let start = 0; start < a.length; start += 1024)
    expect(a.subarray(start, start + 1024).some((byte) => byte !== 0)).toBe(true)
  expect(Buffer.compare(a, b)).not.toBe(0)
})

test('takes no other file or device for it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ldb-device-'))
  try {
    const file = join(folder, 'urandom')
    writeFileSync(file, new Uint8Array(64).fill(7))
    const target = new Uint8Array(16)
    for (const path of [file, join(folder, 'absent'), '/dev/zero'])
      expect(fillFromDevice(target, path)).toBe(false)
    expect(target).toEqual(new Uint8Array(16))
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test.each([8, 16, 32])('random bytes of length %i fill the target', (length) => {
  const fills = Array.from({ length: 4 }, () =>
    Buffer.from(nodeRandom.fill(new Uint8Array(length))).toString('hex'),
  )
  expect(new Set(fills).size).toBe(fills.length)
})
