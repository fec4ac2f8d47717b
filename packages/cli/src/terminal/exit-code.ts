import { isLdbError } from '@ldb/base'
import { CommanderError } from 'commander'

/** Exit codes of the command. @category Command */
export const ExitCode = {
  ok: 0,
  error: 1,
  usage: 2,
  notFound: 3,
  corruption: 4,
  locked: 5,
  /** Ended by Ctrl-C or SIGTERM, as shells count it. */
  interrupted: 130,
} as const

/** An exit that is no error of the database, with an optional message. */
export class CommandExit extends Error {
  readonly exitCode: number

  constructor(exitCode: number, message = '') {
    super(message)
    this.exitCode = exitCode
  }
}

/** Returns the exit code of an error that ended a command. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommandExit) return error.exitCode
  // Help and the version are requests, which commander answers by an error.
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.ok : ExitCode.usage
  if (isLdbError(error, 'LDB_NOT_FOUND')) return ExitCode.notFound
  if (isCorruption(error)) return ExitCode.corruption
  if (isLdbError(error, 'LDB_LOCKED')) return ExitCode.locked
  return ExitCode.error
}

/** A commit that could not be applied has its cause in the page that is damaged. */
function isCorruption(error: unknown): boolean {
  return isLdbError(error) && (error.code === 'LDB_CORRUPTION' || isCorruption(error.cause))
}
