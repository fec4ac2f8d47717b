import { Buffer } from 'node:buffer'
import { readFileSync } from 'node:fs'
import process from 'node:process'
import { AsyncDatabase } from '@ldb/core'
import type { AsyncKeyspace, DatabaseOptions, Encryption, Keyspace } from '@ldb/core'
import { formatOf } from './data-format.js'
import type { DataFormat } from './data-format.js'
import { CommandExit, ExitCode } from '../terminal/exit-code.js'

/** Options of every command that opens a database. */
export interface OpenOptions {
  readonly keyFile?: string
}

/** Options of commands that read or write entries. */
export interface DataOptions extends OpenOptions {
  readonly keyspace: string
  readonly keyFormat?: DataFormat
  readonly valueFormat?: DataFormat
}

/** A keyspace as bytes, with the formats in which its entries are shown. */
export interface OpenKeyspace {
  readonly bytes: AsyncKeyspace<Uint8Array, Uint8Array>
  /** The same, with the methods that return at once. */
  readonly syncBytes: Keyspace<Uint8Array, Uint8Array>
  readonly keys: { readonly format: DataFormat; readonly encoding: string }
  readonly values: { readonly format: DataFormat; readonly encoding: string }
}

const KEY_BYTES = 32

/** Returns the encryption of the key file or of the environment: `LDB_KEY` (64 hexadecimal digits) or `LDB_PASSPHRASE`. */
export function encryptionOf({ keyFile }: OpenOptions): { readonly encryption?: Encryption } {
  const { LDB_KEY: key, LDB_PASSPHRASE: passphrase } = process.env
  if (keyFile !== undefined) return { encryption: { key: keyOf(readFileSync(keyFile), 'the key file') } }
  if (key !== undefined) return { encryption: { key: keyOf(Buffer.from(key), 'LDB_KEY') } }
  return passphrase === undefined ? {} : { encryption: { passphrase } }
}

/** Opens a database, passes it to an action, and closes it. It is never created. */
export async function withDatabase<T>(
  path: string,
  options: OpenOptions & DatabaseOptions,
  action: (database: AsyncDatabase) => Promise<T>,
): Promise<T> {
  const { keyFile, ...databaseOptions } = options
  const database = await AsyncDatabase.open(path, {
    createIfMissing: false,
    ...encryptionOf(keyFile === undefined ? {} : { keyFile }),
    ...databaseOptions,
  })
  try {
    return await action(database)
  } finally {
    await database.close()
  }
}

/** Opens a keyspace that exists. */
export async function openKeyspace(database: AsyncDatabase, options: DataOptions): Promise<OpenKeyspace> {
  const descriptor = (await database.keyspaces()).find(({ name }) => name === options.keyspace)
  if (descriptor === undefined)
    throw new CommandExit(ExitCode.notFound, `no keyspace is named ${options.keyspace}`)
  const stored = database.sync.keyspace(options.keyspace)
  const view = stored.view({ keys: 'binary', values: 'binary' }) as unknown as Keyspace<
    Uint8Array,
    Uint8Array
  >
  return {
    bytes: database.of(view),
    syncBytes: view,
    keys: { format: options.keyFormat ?? formatOf(descriptor.keys), encoding: descriptor.keys },
    values: { format: options.valueFormat ?? formatOf(descriptor.values), encoding: descriptor.values },
  }
}

/** The message names no byte of the key. */
function keyOf(content: Buffer, where: string): Uint8Array {
  if (content.length === KEY_BYTES) return Uint8Array.from(content)
  const text = content.toString('latin1').trim()
  if (/^[0-9a-fA-F]{64}$/.test(text)) return Uint8Array.from(Buffer.from(text, 'hex'))
  throw new CommandExit(ExitCode.usage, `${where} must have ${KEY_BYTES} bytes, or 64 hexadecimal digits`)
}

/** Returns the options of an open from those of a command. */
export function openOptions({ keyFile }: OpenOptions): OpenOptions {
  return keyFile === undefined ? {} : { keyFile }
}
