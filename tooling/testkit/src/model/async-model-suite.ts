import type { Suite, SuiteCounts } from '../suite/suite.js'
import { Violation } from '../base/violation.js'
import { AsyncModelRun, runCommandsAsync } from './async-model-run.js'
import type { OpenAsyncSession } from './async-model-run.js'
import { callCountOf } from './call-count.js'
import { modelCase } from './model-suite.js'
import { reduceListAsync } from './reduce.js'
import { regressionCode } from './regression-code.js'

const REDUCTION_TRIES = 800

/** The model suite through the async API. Some commands run through the sync API in between. */
export const asyncModelSuite: Suite = { name: 'model-async', runCase: (seed) => runAsyncModelCase(seed) }

/** Runs the case of a seed. Reduces a failing case and reports it as the code of a test. */
export async function runAsyncModelCase(seed: number, open?: OpenAsyncSession): Promise<SuiteCounts> {
  const { settings, commands } = modelCase(seed)
  const run = new AsyncModelRun(settings, open)
  let done = 0
  try {
    for (const command of commands) {
      await run.step(command)
      done++
    }
    await run.end()
  } catch (error) {
    const fails = (shorter: typeof commands): Promise<boolean> =>
      runCommandsAsync(settings, shorter, open).then(
        () => false,
        () => true,
      )
    const { items } = await reduceListAsync(commands.slice(0, done + 1), fails, REDUCTION_TRIES)
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
    const code = regressionCode(`seed ${seed} of the async model suite`, settings, items, 'async')
    throw new Violation(`seed ${seed}: ${message}\nreduced to ${items.length} commands:\n${code}`, {
      cause: error,
    })
  }
  return {
    cases: 1,
    commands: commands.length,
    operations: commands.reduce((sum, command) => sum + callCountOf(command), 0),
    crashes: commands.filter((command) => command.do === 'crash').length,
    reopens: commands.filter((command) => command.do === 'reopen').length,
  }
}
