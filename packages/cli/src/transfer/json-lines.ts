import { parseData } from '../data/data-format.js'
import type { OpenKeyspace } from '../data/open.js'
import { CommandExit, ExitCode } from '../terminal/exit-code.js'
import type { EntryBytes } from './copied-entries.js'

/**
 * Yields the entries of lines of JSON as `scan --json` prints them: `{"key":…,"value":…}`.
 *
 * @throws {@link CommandExit} with the number of a line that is none.
 */
export async function* entriesOfLines(
  source: AsyncIterable<string>,
  keyspace: OpenKeyspace,
): AsyncGenerator<readonly EntryBytes[], void, void> {
  let pending = ''
  let lineNumber = 0
  for await (const part of source) {
    const lines = (pending + part).split('\n')
    pending = lines.pop() ?? ''
    yield lines.map((line) => entryOf(line, ++lineNumber, keyspace))
  }
  if (pending !== '') yield [entryOf(pending, ++lineNumber, keyspace)]
}

function entryOf(line: string, lineNumber: number, { keys, values }: OpenKeyspace): EntryBytes {
  try {
    const { key, value } = JSON.parse(line) as { readonly key?: unknown; readonly value?: unknown }
    return [
      parseData(textOf('key', key, keys.format), keys.format, keys.encoding),
      parseData(textOf('value', value, values.format), values.format, values.encoding),
    ]
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new CommandExit(ExitCode.error, `line ${lineNumber} cannot be loaded: ${reason}`)
  }
}

/** JSON is JSON within a line; every other format is a string. */
function textOf(name: string, content: unknown, format: string): string {
  if (content === undefined) throw new Error(`it has no ${name}`)
  if (format === 'json') return JSON.stringify(content)
  if (typeof content !== 'string') throw new Error(`its ${name} is no string in the format ${format}`)
  return content
}
