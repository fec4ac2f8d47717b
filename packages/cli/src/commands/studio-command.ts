import { existsSync } from 'node:fs'
import process from 'node:process'
import { InvalidArgumentError } from 'commander'
import type { Command } from 'commander'
import { encryptionOf } from '../data/open.js'
import type { OpenOptions } from '../data/open.js'
import { CommandExit, ExitCode } from '../terminal/exit-code.js'
import type { Output } from '../terminal/output.js'

interface StudioOptions extends OpenOptions {
  readonly port: number
  readonly readOnly?: boolean
}

/** Adds the page in the browser. */
export function addStudioCommand(program: Command, output: Output): void {
  program
    .command('studio <database>')
    .description('serve a page on loopback that shows the database, until Ctrl-C')
    .option('--port <number>', 'port on loopback; 0 for a free one', portOf, 0)
    .option('--read-only', 'open the database for reading only')
    .option('--key-file <file>', 'file of the encryption key')
    .action((path: string, options: StudioOptions) => serve(path, options, output))
}

/** Prints the address, and serves until the process is asked to end. */
async function serve(path: string, options: StudioOptions, output: Output): Promise<void> {
  // The page shows why a database does not open, and opens it later: not one that is not there.
  if (!existsSync(path)) throw new CommandExit(ExitCode.notFound, `there is no database at ${path}`)
  const { Studio } = await import('@ldb/studio')
  const { port, readOnly = false } = options
  const studio = await Studio.start(path, { port, readOnly, ...encryptionOf(options) })
  const ended = new Promise<void>((resolve) => {
    process.once('SIGINT', () => {
      resolve()
    })
    process.once('SIGTERM', () => {
      resolve()
    })
  })
  try {
    await output.line(studio.url)
    await ended
  } finally {
    await studio.close()
  }
}

function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (port <= 65_535) return port
  throw new InvalidArgumentError('It must be a whole number up to 65,535.')
}
