import type { Command } from 'commander'
import { AsyncDatabase } from '@ldb/core'
import { directoryBytes } from '../data/directory-bytes.js'
import { encryptionOf, openOptions, withDatabase } from '../data/open.js'
import type { OpenOptions } from '../data/open.js'
import { CommandExit, ExitCode } from '../terminal/exit-code.js'
import { humanBytes } from '../terminal/human-sizes.js'
import { interruptible } from '../terminal/interruption.js'
import type { Output } from '../terminal/output.js'
import { Progress } from '../terminal/progress.js'

interface BackupOptions extends OpenOptions {
  readonly incremental?: boolean
}

interface RestoreOptions extends OpenOptions {
  readonly until?: string
  readonly archive?: string
}

/** Adds the commands that copy a database to a backup, and back. */
export function addBackupCommands(program: Command, output: Output): void {
  const add = (name: string, description: string): Command =>
    program.command(name).description(description).option('--key-file <file>', 'file of the encryption key')
  add('backup <database> <directory>', 'make a backup')
    .option('--incremental', 'store only what changed since the last backup')
    .action((path: string, directory: string, options: BackupOptions) =>
      backup(path, directory, options, output),
    )
  add('restore <directory> <database>', 'restore a database from its backups into a new directory')
    .option('--until <seq>', 'the state at a commit number, or, of an archive, at an ISO 8601 time')
    .option('--archive <directory>', 'archived commits, which continue the backup')
    .action(restore)
}

async function backup(
  path: string,
  directory: string,
  options: BackupOptions,
  output: Output,
): Promise<void> {
  const report = await interruptible((signal) =>
    withDatabase(path, openOptions(options), (database) =>
      Progress.during('backup', directoryBytes(path), 'bytes', (progress) =>
        database.backup(directory, {
          incremental: options.incremental === true,
          signal,
          onProgress: ({ byteCount }) => {
            progress.set(byteCount)
          },
        }),
      ),
    ),
  )
  await output.pairs([
    ['commit', String(report.seq)],
    ['stored', humanBytes(report.storedBytes)],
    ['of', humanBytes(report.totalBytes)],
  ])
}

async function restore(
  directory: string,
  path: string,
  { until, archive, ...options }: RestoreOptions,
): Promise<void> {
  const end = until === undefined ? undefined : untilOf(until)
  if (end instanceof Date && archive === undefined)
    throw new CommandExit(ExitCode.usage, '--until with a time needs --archive')
  await interruptible((signal) =>
    Progress.during('restoring', directoryBytes(directory), 'bytes', (progress) =>
      AsyncDatabase.restore(directory, path, {
        ...encryptionOf(options),
        ...(end === undefined ? {} : { until: end }),
        ...(archive === undefined ? {} : { archive }),
        signal,
        onProgress: ({ byteCount }) => {
          progress.set(byteCount)
        },
      }),
    ),
  )
}

function untilOf(text: string): number | Date {
  if (/^\d+$/.test(text)) return Number(text)
  const time = new Date(text)
  if (Number.isNaN(time.getTime()))
    throw new CommandExit(ExitCode.usage, `neither a commit number nor an ISO 8601 time: ${text}`)
  return time
}
