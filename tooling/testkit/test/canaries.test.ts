// Strategy: a correct small store must pass every harness. With one defect, it must be caught.
import { expect, test } from 'vitest'
import { crashRun } from '../src/drivers/crash-driver.js'
import { DEFAULT_CRASH_SETTINGS } from '../src/drivers/crash-settings.js'
import { DEFAULT_SWEEP_SETTINGS, errorSweep } from '../src/drivers/error-sweep.js'
import { isSilent } from '../src/vfs/fault.js'
import { Violation } from '../src/base/violation.js'
import { tinySubject } from './canaries.js'
import type { Fault } from './canaries.js'

// The small store has no checksums, so that silent faults are excluded.
const kinds = DEFAULT_SWEEP_SETTINGS.kinds.filter(({ effect }) => !isSilent(effect))

test('the correct store passes', async () => {
  const counts = await crashRun(tinySubject('none'), 1)
  expect(counts.images).toBeGreaterThan(500)
  expect(counts.nested).toBeGreaterThan(50)
  const swept = await errorSweep(tinySubject('none'), 1, { stepCount: 4, kinds })
  expect(swept.injected).toBeGreaterThan(100)
})

const caughtByCrashes: Fault[] = [
  'acknowledges before the sync',
  'does not sync the directory',
  'does not sync the new file',
  'writes in place',
]
test.each(caughtByCrashes)('the crash driver catches a store that %s', async (fault) => {
  await expect(crashRun(tinySubject(fault), 1)).rejects.toThrow(/Violation/)
})

test('the trace alone catches a rename before the sync', async () => {
  const settings = { ...DEFAULT_CRASH_SETTINGS, imageShare: 0 }
  await expect(crashRun(tinySubject('does not sync the new file'), 1, settings)).rejects.toThrow(
    /renamed before/,
  )
  await expect(crashRun(tinySubject('does not sync the directory'), 1, settings)).rejects.toThrow(
    /acknowledged before/,
  )
})

const caughtByErrors: Fault[] = [
  'swallows read errors',
  'goes on after a failed write',
  'goes on after a failed write',
]
test.each(caughtByErrors)('the error sweep catches a store that %s', async (fault) => {
  await expect(errorSweep(tinySubject(fault), 1, { stepCount: 4, kinds })).rejects.toBeInstanceOf(Violation)
})
