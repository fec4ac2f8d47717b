import type { Readable } from 'node:stream'
import { formatData, parseData } from '../data/data-format.js'
import type { OpenKeyspace } from '../data/open.js'
import { CommandExit, ExitCode } from '../terminal/exit-code.js'
import type { EntryBytes } from './copied-entries.js'

const COLUMNS = ['key', 'value']
/** Rows that are passed on at once. */
const CHUNK_ROWS = 500

/** A part of a CSV with the key of its last row, which is absent in a part without a row. */
export interface CsvPart {
  readonly text: string
  readonly rowCount: number
  readonly lastKey: Uint8Array | undefined
}

/**
 * Yields the entries of a keyspace as CSV with the columns `key` and `value`, in the formats of `scan`.
 *
 * @param after - the key behind which an export goes on, without the row of the columns.
 */
export async function* csvOf(
  { bytes, keys, values }: OpenKeyspace,
  after: Uint8Array | undefined,
): AsyncGenerator<CsvPart, void, void> {
  const { stringify } = await import('csv-stringify/sync')
  let rows: string[][] = after === undefined ? [COLUMNS] : []
  let rowCount = 0
  let lastKey: Uint8Array | undefined
  for await (const [key, value] of bytes.entries(after === undefined ? {} : { gt: after })) {
    rows.push([
      formatData(key, keys.format, keys.encoding),
      formatData(value, values.format, values.encoding),
    ])
    lastKey = key
    if (++rowCount < CHUNK_ROWS) continue
    yield { text: stringify(rows), rowCount, lastKey }
    rows = []
    rowCount = 0
  }
  yield { text: stringify(rows), rowCount, lastKey }
}

/**
 * Yields the entries of such a CSV.
 *
 * @throws {@link CommandExit} with the line up to which the text was read, for a row that is none: the entries before it were yielded.
 */
export async function* entriesOfCsv(
  source: Readable,
  { keys, values }: OpenKeyspace,
): AsyncGenerator<readonly EntryBytes[], void, void> {
  const { parse } = await import('csv-parse')
  const parser = source.pipe(parse({ bom: true }))
  source.once('error', (error) => parser.destroy(error))
  let entries: EntryBytes[] = []
  let isFirst = true
  try {
    for await (const row of parser as AsyncIterable<readonly string[]>) {
      const [key = '', value = ''] = row
      if (isFirst) {
        if (row.join() !== COLUMNS.join()) throw new Error('the first row must be key,value')
        isFirst = false
        continue
      }
      entries.push([
        parseData(key, keys.format, keys.encoding),
        parseData(value, values.format, values.encoding),
      ])
      if (entries.length < CHUNK_ROWS) continue
      yield entries
      entries = []
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new CommandExit(
      ExitCode.error,
      `the CSV cannot be imported, at line ${parser.info.lines} or before it: ${reason}`,
    )
  }
  if (isFirst) throw new CommandExit(ExitCode.error, 'the first row must be key,value')
  yield entries
}
