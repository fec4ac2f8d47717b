import { Readable } from 'node:stream'
import type { Command } from 'commander'
import { openKeyspace, openOptions, withDatabase } from '../data/open.js'
import type { DataOptions } from '../data/open.js'
import { interruptible } from '../terminal/interruption.js'
import type { Output } from '../terminal/output.js'
import { Progress } from '../terminal/progress.js'
import type { EntryBytes } from '../transfer/copied-entries.js'
import { entriesOfCsv } from '../transfer/csv.js'
import { entriesOfLines } from '../transfer/json-lines.js'
import { textSource } from '../transfer/text-source.js'
import { positiveNumber } from './option-values.js'
import { withFormats } from './data-options.js'

interface LoadOptions extends DataOptions {
  readonly csv?: boolean
  readonly ttl?: number
}

/** Adds the bulk load of sorted entries. */
export function addLoadCommand(program: Command, output: Output): void {
  withFormats(
    program
      .command('load <database> [file]')
      .summary('load entries in the order of their keys, all of them or none')
      .description(
        'load entries in the order of their keys, all of them or none: lines of JSON as scan --json prints them; from the standard input without a file',
      ),
  )
    .option('--csv', 'read CSV with the columns key,value instead')
    .option('--ttl <ms>', 'time to live in milliseconds', positiveNumber)
    .action((path: string, file: string | undefined, options: LoadOptions) =>
      load(path, file, options, output),
    )
}

async function load(
  path: string,
  file: string | undefined,
  options: LoadOptions,
  output: Output,
): Promise<void> {
  const { csv, ttl } = options
  const count = await interruptible((signal) =>
    withDatabase(path, openOptions(options), async (database) => {
      const keyspace = await openKeyspace(database, options)
      const text = textSource(file, signal)
      const chunks =
        csv === true ? entriesOfCsv(Readable.from(text), keyspace) : entriesOfLines(text, keyspace)
      return Progress.during('loading', 0, 'entries', (progress) =>
        keyspace.bytes.load(
          flattened(chunks, (entryCount) => {
            progress.set(entryCount)
          }),
          { signal, ...(ttl === undefined ? {} : { ttlMs: ttl }) },
        ),
      )
    }),
  )
  await output.line(`${count} entries`)
}

async function* flattened(
  chunks: AsyncIterable<readonly EntryBytes[]>,
  onProgress: (entryCount: number) => void,
): AsyncGenerator<EntryBytes, void, void> {
  let entryCount = 0
  for await (const entries of chunks) {
    yield* entries
    entryCount += entries.length
    onProgress(entryCount)
  }
}
