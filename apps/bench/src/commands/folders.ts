import { accessSync, constants, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { UsageError } from './usage-error.js'

/**
 * Creates a folder for the files of the stores below `parent`, and `parent` itself when it is absent. The folder is
 * deleted when the process exits.
 *
 * @param parent - the system's temporary folder by default.
 * @throws UsageError when the folder cannot be created.
 */
export function createStoresFolder(parent: string = tmpdir()): string {
  const folder = withUsageError(`the stores cannot be in ${parent}`, () => {
    mkdirSync(parent, { recursive: true })
    return mkdtempSync(join(parent, 'ldb-bench-'))
  })
  process.on('exit', () => {
    rmSync(folder, { recursive: true, force: true })
  })
  return folder
}

/**
 * Checks that a file can be written, before measuring for up to an hour.
 *
 * @throws UsageError when the file cannot be written.
 */
export function expectWritable(file: string): void {
  withUsageError(`${file} cannot be written`, () => {
    mkdirSync(dirname(file), { recursive: true })
    const status = statSync(file, { throwIfNoEntry: false })
    if (status?.isDirectory() === true) throw new UsageError(`${file} is a folder`)
    accessSync(status === undefined ? dirname(file) : file, constants.W_OK)
  })
}

/** Runs `action`. Its errors become usage errors that begin with `message`. */
export function withUsageError<Result>(message: string, action: () => Result): Result {
  try {
    return action()
  } catch (error) {
    throw new UsageError(`${message}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  }
}
