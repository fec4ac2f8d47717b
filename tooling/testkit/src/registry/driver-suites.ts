import { crashRun } from '../drivers/crash-driver.js'
import { DEFAULT_CRASH_SETTINGS, noCrashCounts } from '../drivers/crash-settings.js'
import type { DiskProfile } from '../drivers/crash-settings.js'
import { DEFAULT_SWEEP_SETTINGS, errorSweep, noSweepCounts } from '../drivers/error-sweep.js'
import { fullDeviceRun } from '../drivers/full-device.js'
import { storeSuite } from '../store/suite.js'
import type { StoreMaker } from '../store/store-maker.js'
import type { Subject } from '../suite/subject.js'
import type { Suite } from '../suite/suite.js'

/** Returns a suite that simulates power loss at every operation of a subject. */
export function crashSuite(name: string, subject: Subject, profile: DiskProfile): Suite {
  return {
    name,
    stepCount: DEFAULT_CRASH_SETTINGS.stepCount,
    runCase: async (seed, stepCount = DEFAULT_CRASH_SETTINGS.stepCount) => {
      const counts = noCrashCounts()
      await crashRun(subject, seed, { ...DEFAULT_CRASH_SETTINGS, profile, stepCount }, counts)
      const { images, nested, detected, lost, verified, operations } = counts
      return { images, nested, detected, lost, verified, diskOperations: operations }
    },
  }
}

/** Returns a suite that injects a fault at every call of a subject in turn. */
export function errorSuite(name: string, subject: Subject): Suite {
  return {
    name,
    stepCount: DEFAULT_SWEEP_SETTINGS.stepCount,
    runCase: async (seed, stepCount = DEFAULT_SWEEP_SETTINGS.stepCount) => {
      const settings = { ...DEFAULT_SWEEP_SETTINGS, stepCount }
      const { cases, injected, errorsGiven, crashes } = await errorSweep(
        subject,
        seed,
        settings,
        noSweepCounts(),
      )
      return { injected, cases, errorsGiven, disks: crashes.images }
    },
  }
}

/** Returns a suite that checks the contract of stores, in a configuration that the seed determines. */
export function storesSuite(name: string, storesOf: (seed: number) => StoreMaker): Suite {
  return {
    name,
    runCase: (seed) =>
      Promise.resolve().then(() => {
        const { cases, steps } = storeSuite(storesOf(seed), seed)
        return { storeSteps: steps, cases }
      }),
  }
}

/** Fills a device of limited capacity with a database, and recovers from that. */
export const fullDeviceSuite: Suite = {
  name: 'full-device',
  runCase: async (seed) => {
    const { images, fullCalls, returnedBytes } = await fullDeviceRun(seed)
    return { images, injected: fullCalls, returnedBytes }
  },
}
