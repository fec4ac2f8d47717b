// Strategy: a tiny store that is right must pass every harness; made wrong in one way, it must be caught.
import { expect, test } from 'vitest'
import { crashRun, DEFAULT_CRASH_SETTINGS } from '../src/crash/driver.js'
import { DEFAULT_SWEEP_SETTINGS, errorSweep } from '../src/vfs/error-sweep.js'
import { isSilent } from '../src/vfs/fault.js'
import { Violation } from '../src/violation.js'
import { tinySubject } from './canaries.js'
import type { Fault } from './canaries.js'

// The tiny store has no checksum: only faults that are told can be asked of it.
const kinds = DEFAULT_SWEEP_SETTINGS.kinds.filter(({ effect }) => !isSilent(effect))

test('the right store passes', async () => {
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
test.each(caughtByCrashes)('crashes catch a store that %s', async (fault) => {
  await expect(crashRun(tinySubject(fault), 1)).rejects.toThrow(/Violation/)
})

test('watching the order of calls alone catches a rename before the sync', async () => {
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
  'throws other errors',
]
test.each(caughtByErrors)('failing calls catch a store that %s', async (fault) => {
  await expect(errorSweep(tinySubject(fault), 1, { stepCount: 4, kinds })).rejects.toBeInstanceOf(Violation)
})
