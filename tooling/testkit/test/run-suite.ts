import { setImmediate } from 'node:timers/promises'
import type { Suite } from '../src/suite/suite.js'

/**
 * Runs cases of a suite, from a seed on, until a count is high enough. Returns the sums of all counts. Yields to the event loop after each
 * case: a thread that does not return to it for minutes is taken for one that hangs.
 */
export async function runSuite(
  suite: Suite,
  count: string,
  enough: number,
  firstSeed = 0,
): Promise<Record<string, number>> {
  const sums: Record<string, number> = { [count]: 0 }
  for (let seed = firstSeed; (sums[count] ?? 0) < enough; seed++) {
    try {
      for (const [name, value] of Object.entries(await suite.runCase(seed)))
        sums[name] = (sums[name] ?? 0) + value
      await setImmediate()
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      throw new Error(`${suite.name}, seed ${seed}: ${reason}`, { cause: error })
    }
  }
  return sums
}
