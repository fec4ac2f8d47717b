import { statSync } from 'node:fs'
import type { Readable } from 'node:stream'
import type { Command } from 'commander'
import { importLines } from '@ldb/core'
import type { AsyncDatabase, Keyspace } from '@ldb/core'
import { openKeyspace, openOptions, withDatabase } from '../data/open.js'
import type { OpenOptions } from '../data/open.js'
import { CommandExit, ExitCode } from '../terminal/exit-code.js'
import { interruptible } from '../terminal/interruption.js'
import type { Output } from '../terminal/output.js'
import { Progress } from '../terminal/progress.js'
import { copyEntries } from '../transfer/copied-entries.js'
import type { EntrySource, ImportContext } from '../transfer/copied-entries.js'
import { entriesOfCsv } from '../transfer/csv.js'
import { countedText, textSource } from '../transfer/text-source.js'
import { entriesOfLevel } from '../transfer/level-source.js'
import { entriesOfLmdb } from '../transfer/lmdb-source.js'
import { ResumePoint } from '../transfer/resume-point.js'
import { entriesOfSqlite } from '../transfer/sqlite-source.js'

interface ImportOptions extends OpenOptions {
  readonly fromLevel?: string
  readonly fromLmdb?: string
  readonly fromSqlite?: string
  readonly table?: string
  readonly keyColumn: string
  readonly valueColumn: string
  readonly keyspace?: string
  readonly csv?: boolean
  readonly resume?: string
}

/** A database of another kind. */
interface Foreign {
  readonly option: '--from-level' | '--from-lmdb' | '--from-sqlite'
  readonly path: string
  /** Keyspace of the copy, unless the command line names one. */
  readonly keyspace: string
}

/** Adds the import of entries from text, and from databases of other kinds. */
export function addImportCommand(program: Command, output: Output): void {
  program
    .command('import <database> [file]')
    .description('read lines of an export, from the standard input without a file')
    .option('--csv', 'read CSV with the columns key,value instead, into a keyspace that exists')
    .option('--from-level <directory>', 'copy a database of LevelDB instead; needs the package classic-level')
    .option('--from-lmdb <path>', 'copy a database of LMDB instead; needs the package lmdb')
    .option(
      '--from-sqlite <file>',
      'copy a table of SQLite instead; needs better-sqlite3, node-sqlite3-wasm, or a Node that has node:sqlite',
    )
    .option('--table <name>', 'the table of SQLite, or a named database of LMDB')
    .option('--key-column <name>', 'column of the keys in SQLite', 'key')
    .option('--value-column <name>', 'column of the values in SQLite', 'value')
    .option(
      '--keyspace <name>',
      'keyspace of the CSV (default: default), or of the copy (default: level, lmdb, or the table)',
    )
    .option('--resume <name>', 'keep the position under a name, in the database, and go on from it')
    .option('--key-file <file>', 'file of the encryption key')
    .action((path: string, file: string | undefined, options: ImportOptions) =>
      importAll(path, file, options, output),
    )
}

async function importAll(
  path: string,
  file: string | undefined,
  options: ImportOptions,
  output: Output,
): Promise<void> {
  const foreign = foreignOf(file, options)
  const entryCount = await interruptible((signal) =>
    withDatabase(path, { ...openOptions(options), createIfMissing: true }, async (database) => {
      const point = ResumePoint.open(database, options.resume)
      const total = foreign === undefined && file !== undefined ? sizeOf(file) : 0
      const unit = total > 0 ? 'bytes' : 'entries'
      const count = await Progress.during('importing', total, unit, (progress) => {
        const onProgress = (done: number): void => {
          if (unit === 'entries') progress.set(done)
        }
        const context: ImportContext = { database, signal, point, onProgress }
        if (foreign !== undefined) return importForeign(foreign, options, context)
        const text = countedText(textSource(file, signal), (byteCount) => {
          if (unit === 'bytes') progress.set(byteCount)
        })
        return importText(text, options, context)
      })
      await point?.end()
      return count
    }),
  )
  await output.line(`${entryCount} entries`)
}

/** @throws {@link CommandExit} for sources that exclude each other. */
function foreignOf(
  file: string | undefined,
  { fromLevel, fromLmdb, fromSqlite, table, csv }: ImportOptions,
): Foreign | undefined {
  const given: Foreign[] = [
    ...(fromLevel === undefined
      ? []
      : [{ option: '--from-level', path: fromLevel, keyspace: 'level' } as const]),
    ...(fromLmdb === undefined
      ? []
      : [{ option: '--from-lmdb', path: fromLmdb, keyspace: table ?? 'lmdb' } as const]),
    ...(fromSqlite === undefined
      ? []
      : [{ option: '--from-sqlite', path: fromSqlite, keyspace: table ?? '' } as const]),
  ]
  const [foreign] = given
  const sources = [
    ...(file === undefined ? [] : ['a file']),
    ...(csv === true ? ['--csv'] : []),
    ...given.map(({ option }) => option),
  ]
  if (given.length > 1 || (foreign !== undefined && sources.length > 1))
    throw new CommandExit(ExitCode.usage, `${sources.join(' or ')}, not both`)
  if (fromSqlite !== undefined && table === undefined)
    throw new CommandExit(ExitCode.usage, '--from-sqlite needs --table')
  if (table !== undefined && fromSqlite === undefined && fromLmdb === undefined)
    throw new CommandExit(ExitCode.usage, '--table needs --from-sqlite or --from-lmdb')
  return foreign
}

async function importForeign(
  { option, path, keyspace }: Foreign,
  { table, keyColumn, valueColumn, keyspace: named }: ImportOptions,
  context: ImportContext,
): Promise<number> {
  context.point?.identify(JSON.stringify([option, path, table, keyColumn, valueColumn]))
  const source: EntrySource =
    option === '--from-level'
      ? entriesOfLevel(path)
      : option === '--from-lmdb'
        ? entriesOfLmdb(path, table)
        : entriesOfSqlite(path, { table: table ?? '', keyColumn, valueColumn })
  const target = context.database.sync.keyspace(named ?? keyspace, { keys: 'binary', values: 'binary' })
  return copyEntries(source, target as unknown as Keyspace<Uint8Array, Uint8Array>, context)
}

async function importText(
  source: AsyncGenerator<string, void, void>,
  { csv, keyspace }: ImportOptions,
  context: ImportContext,
): Promise<number> {
  const { database, signal, point, onProgress } = context
  const text = point === undefined ? source : point.checked(source)
  if (csv === true) {
    const stored = await openKeyspace(database, { keyspace: keyspace ?? 'default' })
    const { Readable: Stream } = await import('node:stream')
    const stream: Readable = Stream.from(text)
    return copyEntries(entriesOfCsv(stream, stored), stored.syncBytes, context)
  }
  if (keyspace !== undefined) throw new CommandExit(ExitCode.usage, '--keyspace needs --csv or --from-…')
  return (await importedLines(database, text, { signal, point, onProgress })).entryCount
}

function importedLines(
  database: AsyncDatabase,
  text: AsyncIterable<string>,
  { signal, point, onProgress }: Omit<ImportContext, 'database'>,
): Promise<{ readonly entryCount: number }> {
  return importLines(database.sync, text, {
    signal,
    skipLines: point?.skipCount ?? 0,
    beforeCommit: (batch, { lineCount, entryCount }) => {
      point?.addTo(batch as never, lineCount)
      onProgress(entryCount)
    },
  })
}

function sizeOf(file: string): number {
  const found = statSync(file, { throwIfNoEntry: false })
  return found?.isFile() === true ? found.size : 0
}
