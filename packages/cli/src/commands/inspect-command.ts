import { readdirSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Command } from 'commander'
import type { ByteSource } from '../fields/byte-source.js'
import type { DumpLines } from '../fields/dump-line.js'
import { encryptionOf, openOptions } from '../data/open.js'
import type { OpenOptions } from '../data/open.js'
import { dumpRecord, recordsOf } from '../formats/log-segment.js'
import { dumpPageAt } from '../tree/tree-file.js'
import { openSource } from '../inspect/backup-source.js'
import { dumpFile, letterOf, summaryOf } from '../inspect/inspect-file.js'
import { KeySearch } from '../inspect/key-search.js'
import { printDump } from '../inspect/print-dump.js'
import { CommandExit, ExitCode } from '../terminal/exit-code.js'
import { humanBytes } from '../terminal/human-sizes.js'
import type { Output } from '../terminal/output.js'
import { wholeNumber } from './option-values.js'

interface InspectOptions extends OpenOptions {
  readonly file?: string
  readonly page?: number
  readonly offset?: number
  readonly log?: number
  readonly full?: boolean
  readonly json?: boolean
}

/** Adds the annotated hexdump. */
export function addInspectCommand(program: Command, output: Output): void {
  program
    .command('inspect <path>')
    .summary('print files of a database or a backup, field by field; a list of them without an option')
    .description(
      'print files of a database, field by field, as the format documents name them; without an option, list what there is. Reads damaged files, too, and takes no lock. Of encrypted files it shows what is in plain text, and all of it with the key',
    )
    .option('--file <name>', 'one file: its headers, and the units in it')
    .option('--page <number>', 'a page of a B+tree', wholeNumber)
    .option(
      '--offset <bytes>',
      'the page, block, record or frame that begins at an offset of the file',
      wholeNumber,
    )
    .option('--log <seq>', 'the records of the log with a commit number', wholeNumber)
    .option('--key-file <file>', 'file of the encryption key: shows encrypted units in plain text')
    .option('--full', 'all bytes of long fields')
    .option('--json', 'print one JSON object a line')
    .action((path: string, options: InspectOptions) => inspect(path, options, output))
}

async function inspect(path: string, options: InspectOptions, output: Output): Promise<void> {
  const { page, offset, log, full = false, json = false } = options
  const isDirectory = statSync(path, { throwIfNoEntry: false })?.isDirectory()
  if (isDirectory === undefined) throw new CommandExit(ExitCode.notFound, `there is no ${path}`)
  const format = { full, json }
  const keys = new KeySearch(encryptionOf(openOptions(options)).encryption)
  if (log !== undefined) {
    await printRecords(filesOf(path), log, keys, (lines) => printDump(lines, format, output))
    return
  }
  const needsFile = page !== undefined || offset !== undefined
  const file = fileOf(path, options.file, page !== undefined ? 'B' : undefined, isDirectory)
  if (file === undefined) {
    if (needsFile) throw new CommandExit(ExitCode.usage, '--page and --offset need a file: --file NAME')
    await list(path, json, output)
    return
  }
  await withSource(file, keys, async (source) => {
    if (page !== undefined && letterOf(source) !== 'B')
      throw new CommandExit(ExitCode.usage, `${file} is no B+tree, and has no pages`)
    await printDump(page === undefined ? dumpFile(source, offset) : dumpPageAt(source, page), format, output)
  })
}

/** Returns the path of the named file: within the directory, or the only one with that name. */
function fileOf(
  path: string,
  name: string | undefined,
  letter: string | undefined,
  isDirectory: boolean,
): string | undefined {
  if (!isDirectory) return path
  const files = filesOf(path)
  const found =
    name === undefined
      ? files.filter((file) => letter !== undefined && withSourceSync(file, letterOf) === letter)
      : files.filter((file) => relative(path, file) === name || file.endsWith(`/${name}`))
  const [first] = found
  if (name !== undefined && first === undefined)
    throw new CommandExit(ExitCode.notFound, `there is no file ${name} in ${path}`)
  const exact = found.find((file) => relative(path, file) === name)
  if (found.length > 1 && exact === undefined)
    throw new CommandExit(
      ExitCode.usage,
      `choose one with --file: ${found.map((file) => relative(path, file)).join(', ')}`,
    )
  return exact ?? first
}

async function list(path: string, json: boolean, output: Output): Promise<void> {
  const rows: string[][] = []
  for (const file of filesOf(path)) {
    const { kind, format, remark } = withSourceSync(file, summaryOf)
    const bytes = statSync(file).size
    if (json) await output.line(JSON.stringify({ file: relative(path, file), bytes, kind, format, remark }))
    else rows.push([relative(path, file), humanBytes(bytes), kind, format, remark])
  }
  if (!json) await output.table([['file', 'bytes', 'kind', 'format', 'contains'], ...rows], [1, 3])
}

async function printRecords(
  files: readonly string[],
  seq: number,
  keys: KeySearch,
  print: (lines: DumpLines) => Promise<void>,
): Promise<void> {
  let count = 0
  for (const file of files) {
    await withSource(file, keys, async (source) => {
      if (letterOf(source) !== 'W') return
      for (const record of recordsOf(source)) {
        if (record.seq !== seq) continue
        count++
        await print(recordIn(source, record.fileOffset))
      }
    })
  }
  if (count === 0) throw new CommandExit(ExitCode.notFound, `the log has no record of commit ${seq}`)
}

function* recordIn(source: ByteSource, fileOffset: number): DumpLines {
  yield { note: `${source.name}, offset ${fileOffset}` }
  yield* dumpRecord(source, fileOffset)
}

function filesOf(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .map((name) => join(path, name))
    .filter((file) => statSync(file).isFile())
    .sort()
}

async function withSource(
  file: string,
  keys: KeySearch,
  action: (source: ByteSource) => Promise<void>,
): Promise<void> {
  const source = openSource(file, () => keys.keysOf(file))
  try {
    await action(source)
  } finally {
    source.close()
  }
}

function withSourceSync<T>(file: string, action: (source: ByteSource) => T): T {
  const source = openSource(file)
  try {
    return action(source)
  } finally {
    source.close()
  }
}
