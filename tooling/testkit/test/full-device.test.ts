// Strategy: fills devices of limited capacity, most of which report their free space, with databases of random settings; loses the
// process or the power, also during the recovery.
// Invariants: those of `fullDeviceRun`.
import { expect, test } from 'vitest'
import { fullDeviceSuite } from '../src/registry/driver-suites.js'
import { formatCount, reportCounts } from './counted.js'

test('a full device is recovered from', { timeout: 600_000 }, async (context) => {
  let images = 0
  let returnedBytes = 0
  for (let seed = 1; seed <= 10; seed++) {
    const counts = await fullDeviceSuite.runCase(seed).catch((error: unknown) => {
      throw new Error(`seed ${seed}: ${String(error)}`, { cause: error })
    })
    images += counts['images'] ?? 0
    returnedBytes += counts['returnedBytes'] ?? 0
  }
  expect(images).toBeGreaterThan(20)
  expect(returnedBytes).toBeGreaterThan(2_000_000)
  reportCounts(context, `${formatCount(images)} disks recovered after a crash during a recovery`)
})
