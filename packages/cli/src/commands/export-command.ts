import { Buffer } from 'node:buffer'
import { setImmediate } from 'node:timers/promises'
import type { Command } from 'commander'
import { exportLines } from '@ldb/core'
import type { AsyncDatabase, ExportPosition } from '@ldb/core'
import { openKeyspace, openOptions, withDatabase } from '../data/open.js'
import type { OpenOptions } from '../data/open.js'
import { CommandExit, ExitCode } from '../terminal/exit-code.js'
import { interruptible, throwIfInterrupted } from '../terminal/interruption.js'
import type { Output } from '../terminal/output.js'
import { Progress } from '../terminal/progress.js'
import { csvOf } from '../transfer/csv.js'
import { OutputFile } from '../transfer/output-file.js'
import type { ExportPoint } from '../transfer/output-file.js'

interface ExportOptions extends OpenOptions {
  readonly keyspace?: string
  readonly csv?: boolean
  readonly output?: string
  readonly resume?: boolean
}

/** A part of an export, and the position of its last entry. */
interface ExportPart {
  readonly text: string
  readonly entryCount: number
  readonly last: ExportPosition | undefined
}

/** Characters of one write. */
const WRITE_LENGTH = 65_536

/** Adds the export of entries as text. */
export function addExportCommand(program: Command, output: Output): void {
  program
    .command('export <database>')
    .description('print all entries as lines of JSON')
    .option('--csv', 'print one keyspace as CSV instead: key,value')
    .option('--keyspace <name>', 'the keyspace of the CSV (default: default)')
    .option('--output <file>', 'write to a file; FILE.resume beside it says how far it has come')
    .option('--resume', 'go on with a file whose export was cut, if the database has not changed since')
    .option('--key-file <file>', 'file of the encryption key')
    .action((path: string, options: ExportOptions) => exportAll(path, options, output))
}

async function exportAll(path: string, options: ExportOptions, output: Output): Promise<void> {
  const { csv = false, keyspace, output: file, resume = false } = options
  if (keyspace !== undefined && !csv) throw new CommandExit(ExitCode.usage, '--keyspace needs --csv')
  if (resume && file === undefined) throw new CommandExit(ExitCode.usage, '--resume needs --output')
  await interruptible((signal) =>
    withDatabase(path, { ...openOptions(options), readOnly: true }, async (database) => {
      const { seq } = database
      const format = csv ? 'csv' : 'lines'
      const point = resume && file !== undefined ? OutputFile.pointOf(file, seq, format) : undefined
      const after = point === undefined ? undefined : positionOf(point)
      const parts = csv ? csvParts(database, keyspace ?? 'default', after) : lineParts(database, after)
      const total = database.sync.keyspaces().reduce((sum, { name }) => sum + entryCountOf(database, name), 0)
      await Progress.during('exporting', total, 'entries', async (progress) => {
        let entryCount = 0
        const count = async (part: ExportPart): Promise<void> => {
          entryCount += part.entryCount
          progress.set(entryCount)
          // Signals and the bar have their turn.
          await setImmediate()
          throwIfInterrupted(signal)
        }
        if (file === undefined) {
          for await (const part of parts) {
            await count(part)
            await output.text(part.text)
          }
        } else await writeFile(OutputFile.open(file, point), parts, { seq, format, count })
      })
    }),
  )
}

async function writeFile(
  target: OutputFile,
  parts: AsyncIterable<ExportPart>,
  {
    seq,
    format,
    count,
  }: Pick<ExportPoint, 'seq' | 'format'> & { count: (part: ExportPart) => Promise<void> },
): Promise<void> {
  let last: ExportPosition | undefined
  try {
    for await (const part of parts) {
      target.write(part.text)
      last = part.last ?? last
      if (last !== undefined) target.mark(seq, format, last.keyspace, last.key)
      await count(part)
    }
    target.end()
  } catch (error) {
    if (last !== undefined) target.mark(seq, format, last.keyspace, last.key, true)
    throw error
  } finally {
    target.close()
  }
}

async function* lineParts(
  database: AsyncDatabase,
  after: ExportPosition | undefined,
): AsyncGenerator<ExportPart, void, void> {
  let text = ''
  let entryCount = 0
  let last: ExportPosition | undefined
  const lines = exportLines(database.sync, {
    after,
    onEntry: (position) => {
      last = position
      entryCount++
    },
  })
  for (const line of lines) {
    text += line
    if (text.length < WRITE_LENGTH) continue
    yield { text, entryCount, last: copied(last) }
    text = ''
    entryCount = 0
  }
  yield { text, entryCount, last: copied(last) }
}

async function* csvParts(
  database: AsyncDatabase,
  keyspace: string,
  after: ExportPosition | undefined,
): AsyncGenerator<ExportPart, void, void> {
  if (after !== undefined && after.keyspace !== keyspace)
    throw new CommandExit(ExitCode.error, `the file is an export of the keyspace ${after.keyspace}`)
  const stored = await openKeyspace(database, { keyspace })
  for await (const { text, rowCount, lastKey } of csvOf(stored, after?.key))
    yield {
      text,
      entryCount: rowCount,
      last: lastKey === undefined ? undefined : { keyspace, key: lastKey },
    }
}

function positionOf({ keyspace, key }: ExportPoint): ExportPosition {
  return { keyspace, key: Uint8Array.from(Buffer.from(key, 'base64')) }
}

/** The key of a position is borrowed. */
function copied(position: ExportPosition | undefined): ExportPosition | undefined {
  return position === undefined ? undefined : { keyspace: position.keyspace, key: position.key.slice() }
}

function entryCountOf(database: AsyncDatabase, name: string): number {
  return database.sync.keyspace(name).estimate().count
}
