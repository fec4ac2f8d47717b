import { setTimeout } from 'node:timers/promises'
import type { Command } from 'commander'
import { isLdbError } from '@ldb/base'
import type { AsyncDatabase } from '@ldb/core'
import { openOptions, withDatabase } from '../data/open.js'
import type { OpenOptions } from '../data/open.js'
import { CommandExit, ExitCode } from '../terminal/exit-code.js'
import { interruptible } from '../terminal/interruption.js'
import type { Output } from '../terminal/output.js'
import { positiveNumber, wholeNumber } from './option-values.js'

interface ChangesOptions extends OpenOptions {
  readonly since?: number
  readonly follow?: boolean
  readonly interval: number
}

const INTERVAL_MS = 500

/** Adds the list of commits. */
export function addChangesCommand(program: Command, output: Output): void {
  program
    .command('changes <database>')
    .description('print the commits in the log as lines of JSON')
    .option(
      '--since <seq>',
      'those after a commit number; without one, from the beginning of the log',
      wholeNumber,
    )
    .option(
      '--follow',
      'go on until Ctrl-C: the database is opened for reading at each interval while it has no writer, so that programs which open it by turns are followed',
    )
    .option('--interval <ms>', 'time between two looks of --follow', positiveNumber, INTERVAL_MS)
    .option('--key-file <file>', 'file of the encryption key')
    .action(async (path: string, options: ChangesOptions) => {
      if (options.follow === true) await follow(path, options, output)
      else await print(path, options, options.since, output)
    })
}

/** Prints the commits after a commit, and returns the newest one. */
function print(
  path: string,
  options: ChangesOptions,
  since: number | undefined,
  output: Output,
): Promise<number> {
  return withDatabase(path, { ...openOptions(options), readOnly: true }, async (database) => {
    try {
      return await printChanges(database, since ?? 0, output)
    } catch (error) {
      // Without a number, the log is printed from where it begins.
      const oldest = isLdbError(error, 'LDB_NOT_FOUND') ? error.details['actual'] : undefined
      if (since !== undefined || typeof oldest !== 'number') throw error
      return printChanges(database, oldest, output)
    }
  })
}

async function follow(path: string, options: ChangesOptions, output: Output): Promise<void> {
  let { since } = options
  try {
    await interruptible(async (signal) => {
      for (;;) {
        try {
          since = await print(path, options, since, output)
        } catch (error) {
          if (!isLdbError(error, 'LDB_LOCKED')) throw error
        }
        await setTimeout(options.interval, undefined, { signal })
      }
    })
  } catch (error) {
    // Ctrl-C is how it ends.
    if (!(error instanceof CommandExit) || error.exitCode !== ExitCode.interrupted) throw error
  }
}

/** Prints the commits after a commit, up to the newest one, which it returns. */
async function printChanges(database: AsyncDatabase, since: number, output: Output): Promise<number> {
  const newest = database.seq
  if (newest <= since) return newest
  for await (const commit of database.changes({ since })) {
    const bytes = (_name: string, value: unknown): unknown =>
      value instanceof Uint8Array ? [...value] : value
    await output.line(JSON.stringify(commit, bytes))
    if (commit.seq >= newest) break
  }
  return newest
}
