import { writeFileSync } from 'node:fs'
import { Option } from 'commander'
import type { Command } from 'commander'
import { AsyncDatabase } from '@ldb/core'
import { formatData, parseData } from '../data/data-format.js'
import { CommandExit, ExitCode } from '../terminal/exit-code.js'
import { assertOneInput, readInput } from '../data/input.js'
import { encryptionOf, openKeyspace, openOptions, withDatabase } from '../data/open.js'
import type { DataOptions, OpenKeyspace, OpenOptions } from '../data/open.js'
import type { Output } from '../terminal/output.js'
import { withFormats } from './data-options.js'
import { positiveNumber, wholeNumber } from './option-values.js'

interface ScanOptions extends DataOptions {
  readonly gt?: string
  readonly gte?: string
  readonly lt?: string
  readonly lte?: string
  readonly prefix?: string
  readonly reverse?: boolean
  readonly limit?: number
  readonly keysOnly?: boolean
  readonly json?: boolean
}

/** Options of commands that take one key. */
interface KeyOptions extends DataOptions {
  readonly keyFrom?: string
}

interface GetOptions extends KeyOptions {
  readonly output?: string
}

interface PutOptions extends KeyOptions {
  readonly file?: string
  readonly ttl?: number
}

interface CreateOptions extends OpenOptions {
  readonly engine: 'btree' | 'lsm'
  readonly keyspace?: string
  readonly keys: 'utf8' | 'binary' | 'tuple'
  readonly values: 'utf8' | 'binary' | 'json' | 'structured'
}

/** Adds the commands that read and write entries. */
export function addDataCommands(program: Command, output: Output): void {
  program
    .command('create <database>')
    .description('create a database, or a keyspace in it')
    .addOption(
      new Option('--engine <engine>', 'engine of the keyspace').choices(['btree', 'lsm']).default('btree'),
    )
    .option('--keyspace <name>', 'a keyspace beside the one named default')
    .addOption(new Option('--keys <encoding>').choices(['utf8', 'binary', 'tuple']).default('utf8'))
    .addOption(
      new Option('--values <encoding>').choices(['utf8', 'binary', 'json', 'structured']).default('utf8'),
    )
    .option('--key-file <file>', 'file of the encryption key')
    .action(create)
  withKey(withFormats(program.command('get <database> [key]').description('print the value of a key')))
    .option('--output <file>', 'write the bytes of the value to a file, as they are stored')
    .action((path: string, key: string | undefined, options: GetOptions) => get(path, key, options, output))
  withKey(
    withFormats(
      program
        .command('put <database> [key] [value]')
        .description('write an entry; without a value, that of the standard input'),
    ),
  )
    .option(
      '--file <file>',
      'read the value from a file, byte for byte without --value-format; - for the standard input',
    )
    .option('--ttl <ms>', 'time to live in milliseconds', positiveNumber)
    .action(put)
  withKey(withFormats(program.command('delete <database> [key]').description('remove a key'))).action(remove)
  withBounds(withFormats(program.command('scan <database>').description('print the entries of a range')))
    .option('--keys-only', 'print keys without values')
    .option('--json', 'print one JSON object a line')
    .action((path: string, options: ScanOptions) => scan(path, options, output))
  withBounds(
    withFormats(program.command('count <database>').description('print the number of entries of a range')),
  ).action((path: string, options: ScanOptions) => count(path, options, output))
}

function withKey(command: Command): Command {
  return command.option(
    '--key-from <file>',
    'read the key from a file, byte for byte without --key-format; - for the standard input',
  )
}

function withBounds(command: Command): Command {
  return command
    .option('--gt <key>', 'keys above')
    .option('--gte <key>', 'keys from')
    .option('--lt <key>', 'keys below')
    .option('--lte <key>', 'keys up to')
    .option('--prefix <key>', 'keys with a prefix')
    .option('--reverse', 'from the greatest key on')
    .option('--limit <count>', 'at most so many entries', wholeNumber)
}

async function create(path: string, options: CreateOptions): Promise<void> {
  const { engine, keyspace, keys, values } = options
  if (keyspace === undefined && (keys !== 'utf8' || values !== 'utf8'))
    throw new CommandExit(ExitCode.usage, 'the keyspace default is utf8: --keys and --values need --keyspace')
  const database = await AsyncDatabase.open(path, {
    engine,
    errorIfExists: keyspace === undefined,
    ...encryptionOf(options),
  })
  try {
    if (keyspace !== undefined) await database.keyspace(keyspace, { engine, keys, values })
  } finally {
    await database.close()
  }
}

async function get(
  path: string,
  key: string | undefined,
  options: GetOptions,
  output: Output,
): Promise<void> {
  await withDatabase(path, { ...openOptions(options), readOnly: true }, async (database) => {
    const keyspace = await openKeyspace(database, options)
    const value = await keyspace.bytes.get(keyOf(keyspace, key, options))
    if (value === undefined) throw new CommandExit(ExitCode.notFound)
    if (options.output === undefined) await output.line(valueText(keyspace, value))
    else writeFileSync(options.output, value)
  })
}

/** `put <database> <value>` with `--key-from` has its value in the place of the key. */
async function put(
  path: string,
  first: string | undefined,
  second: string | undefined,
  options: PutOptions,
): Promise<void> {
  const { keyFrom, ttl, valueFormat } = options
  const [key, text] = keyFrom === undefined ? [first, second] : [undefined, first]
  if (keyFrom !== undefined && second !== undefined)
    throw new CommandExit(ExitCode.usage, 'a key or --key-from, not both')
  const file = options.file ?? (text === undefined ? '-' : undefined)
  assertOneInput(keyFrom, file)
  await withDatabase(path, openOptions(options), async (database) => {
    const keyspace = await openKeyspace(database, options)
    const value = readInput({ what: 'value', text, file, format: valueFormat }, keyspace.values)
    await keyspace.bytes.put(
      keyOf(keyspace, key, options),
      value,
      ttl === undefined ? undefined : { ttlMs: ttl },
    )
  })
}

async function remove(path: string, key: string | undefined, options: KeyOptions): Promise<void> {
  await withDatabase(path, openOptions(options), async (database) => {
    const keyspace = await openKeyspace(database, options)
    const value = await keyspace.bytes.take(keyOf(keyspace, key, options))
    if (value === undefined) throw new CommandExit(ExitCode.notFound)
  })
}

async function scan(path: string, options: ScanOptions, output: Output): Promise<void> {
  await withDatabase(path, { ...openOptions(options), readOnly: true }, async (database) => {
    const keyspace = await openKeyspace(database, options)
    const { keys, values } = keyspace
    const range = rangeOf(keyspace, options)
    const keyText = (key: Uint8Array): string => formatData(key, keys.format, keys.encoding)
    if (options.keysOnly === true) {
      for await (const key of keyspace.bytes.keys(range))
        await output.line(
          options.json === true ? JSON.stringify({ key: jsonOf(keyText(key), keys.format) }) : keyText(key),
        )
      return
    }
    for await (const [key, value] of keyspace.bytes.entries(range)) {
      const line =
        options.json === true
          ? JSON.stringify({
              key: jsonOf(keyText(key), keys.format),
              value: jsonOf(valueText(keyspace, value), values.format),
            })
          : `${keyText(key)}\t${valueText(keyspace, value)}`
      await output.line(line)
    }
  })
}

async function count(path: string, options: ScanOptions, output: Output): Promise<void> {
  await withDatabase(path, { ...openOptions(options), readOnly: true }, async (database) => {
    const keyspace = await openKeyspace(database, options)
    await output.line(String(await keyspace.bytes.count(rangeOf(keyspace, options))))
  })
}

function rangeOf(keyspace: OpenKeyspace, options: ScanOptions): object {
  const bounds = (['gt', 'gte', 'lt', 'lte', 'prefix'] as const).flatMap((name) => {
    const text = options[name]
    return text === undefined ? [] : [[name, keyBytes(keyspace, text)]]
  })
  const { reverse, limit } = options
  return {
    ...Object.fromEntries(bounds),
    ...(reverse === undefined ? {} : { reverse }),
    ...(limit === undefined ? {} : { limit }),
  }
}

function keyOf(keyspace: OpenKeyspace, text: string | undefined, options: KeyOptions): Uint8Array {
  const { keyFrom: file, keyFormat: format } = options
  return readInput({ what: 'key', text, file, format }, keyspace.keys)
}

function keyBytes({ keys }: OpenKeyspace, text: string): Uint8Array {
  return parseData(text, keys.format, keys.encoding)
}

function valueText({ values }: OpenKeyspace, bytes: Uint8Array): string {
  return formatData(bytes, values.format, values.encoding)
}

/** JSON stays JSON within a line of JSON; every other format is a string. */
function jsonOf(text: string, format: string): unknown {
  return format === 'json' ? JSON.parse(text) : text
}
