import process from 'node:process'
import { CommandExit, ExitCode } from './exit-code.js'

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/**
 * Runs an action that Ctrl-C ends by an `AbortSignal`, so that the database is closed. A second Ctrl-C ends the process at once: then the
 * next open recovers it.
 *
 * @throws {@link CommandExit} with the code `interrupted`, when the action failed after the first Ctrl-C.
 */
export async function interruptible<T>(action: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  const interrupt = (): void => {
    if (controller.signal.aborted) process.exit(ExitCode.interrupted)
    controller.abort()
  }
  for (const name of SIGNALS) process.on(name, interrupt)
  try {
    return await action(controller.signal)
  } catch (error) {
    if (controller.signal.aborted) throw new CommandExit(ExitCode.interrupted, 'interrupted')
    throw error
  } finally {
    for (const name of SIGNALS) process.off(name, interrupt)
  }
}

/** Throws when the signal is aborted. @throws {@link CommandExit} with the code `interrupted`. */
export function throwIfInterrupted(signal: AbortSignal): void {
  if (signal.aborted) throw new CommandExit(ExitCode.interrupted, 'interrupted')
}
