import type { Command } from 'commander'
import type { AsyncDatabase } from '@ldb/core'
import { directoryBytes } from '../data/directory-bytes.js'
import { inThread } from '../data/maintenance-thread.js'
import { encryptionOf, openOptions, withDatabase } from '../data/open.js'
import type { OpenOptions } from '../data/open.js'
import { CommandExit, ExitCode } from '../terminal/exit-code.js'
import { humanCount } from '../terminal/human-sizes.js'
import { interruptible } from '../terminal/interruption.js'
import type { Output } from '../terminal/output.js'
import { Progress } from '../terminal/progress.js'
import { addStatsCommands } from './stats-commands.js'
import { printVerifyReport } from './verify-report.js'

interface JsonOptions extends OpenOptions {
  readonly json?: boolean
}

/** Milliseconds between two drawings of a bar without a length. */
const TICK_MS = 250

/** Adds the commands that show, check and maintain a database. */
export function addCareCommands(program: Command, output: Output): void {
  const add = (name: string, description: string): Command =>
    program.command(name).description(description).option('--key-file <file>', 'file of the encryption key')
  addStatsCommands(add, output)
  add('verify <database>', 'read and check every byte; exits with 4 when it finds damage')
    .option('--json', 'print the report as one JSON object')
    .action((path: string, options: JsonOptions) => verify(path, options, output))
  add('repair <database> <target>', 'salvage a damaged database into a new directory').action(
    (path: string, target: string, options: OpenOptions) => repair(path, target, options, output),
  )
  add('compact <database>', 'return free space to the file system').action(
    (path: string, options: OpenOptions) =>
      maintain(path, options, 'compacting', (database, signal) => database.compact({ signal })),
  )
  add('checkpoint <database>', 'bring the engines up to date, and cut the log').action(
    (path: string, options: OpenOptions) =>
      maintain(path, options, 'checkpoint', (database, signal) => database.checkpoint({ signal })),
  )
}

/** Runs work of unknown length on a database. */
async function maintain(
  path: string,
  options: OpenOptions,
  label: string,
  work: (database: AsyncDatabase, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  await interruptible((signal) =>
    withDatabase(path, openOptions(options), (database) =>
      Progress.during(label, 0, 'bytes', async (progress) => {
        const timer = setInterval(() => {
          progress.set(directoryBytes(path))
        }, TICK_MS)
        try {
          await work(database, signal)
        } finally {
          clearInterval(timer)
        }
      }),
    ),
  )
}

async function verify(path: string, { json, ...options }: JsonOptions, output: Output): Promise<void> {
  const report = await interruptible((signal) =>
    Progress.during('verifying', directoryBytes(path), 'bytes', (progress) =>
      inThread('verify', path, encryptionOf(options), signal, ({ byteCount }) => {
        progress.set(byteCount)
      }),
    ),
  )
  if (json === true)
    await output.line(
      JSON.stringify(report, (_name, value: unknown) => (value instanceof Uint8Array ? [...value] : value)),
    )
  else await printVerifyReport(report, output)
  if (!report.ok) throw new CommandExit(ExitCode.corruption)
}

/** The target has a temporary name until it is complete. */
async function repair(path: string, target: string, options: OpenOptions, output: Output): Promise<void> {
  const report = await interruptible((signal) =>
    Progress.during('repairing', 0, 'entries', (progress) =>
      inThread('repair', path, { target, ...encryptionOf(options) }, signal, ({ entryCount }) => {
        progress.set(entryCount)
      }),
    ),
  )
  const rows = report.keyspaces.map(({ name, entryCount, lostCount }) => [
    name,
    humanCount(entryCount),
    lostCount === undefined ? 'unknown' : humanCount(lostCount),
  ])
  await output.table([['keyspace', 'entries', 'lost'], ...rows])
  await output.line(
    report.isComplete
      ? output.colours.green('complete')
      : output.colours.red(`${report.lossCount} losses, ${report.suspectCount} suspects`),
  )
  if (!report.isComplete) throw new CommandExit(ExitCode.corruption)
}
