import { accessSync, constants, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { UsageError } from './usage-error.js'

/**
 * Makes a folder for the files of the stores, below `parent`, which is made too when it is not there. It goes when the process ends.
 *
 * @param parent - the system's temporary folder, when it is left out.
 * @throws UsageError when it can't be made.
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
 * Makes sure that a report can be written to a file when all is measured, up to an hour later.
 *
 * @throws UsageError when it can't.
 */
export function expectWritable(file: string): void {
  withUsageError(`${file} cannot be written`, () => {
    mkdirSync(dirname(file), { recursive: true })
    const status = statSync(file, { throwIfNoEntry: false })
    if (status?.isDirectory() === true) throw new UsageError(`${file} is a folder`)
    accessSync(status === undefined ? dirname(file) : file, constants.W_OK)
  })
}

function withUsageError<Result>(what: string, action: () => Result): Result {
  try {
    return action()
  } catch (error) {
    throw new UsageError(`${what}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  }
}
