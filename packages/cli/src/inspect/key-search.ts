import { randomFillSync } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { readDataKeys } from '@ldb/core'
import type { Encryption } from '@ldb/core'
import { DataKeys } from '@ldb/integrity'
import { FileSource, memorySource } from '../fields/byte-source.js'
import { readHeader } from '../fields/file-header.js'
import { keyFileInStream } from '../formats/stream-files.js'
import { CommandExit, ExitCode } from '../terminal/exit-code.js'

const KEYS_NAME = 'KEYS'
/** Directories from that of a file upwards that may contain its key file: `keyspaces/1/tree.ldb`. */
const LEVELS = 3

/** Finds the data keys of files, and derives those of each key file once. */
export class KeySearch {
  readonly #encryption: Encryption | undefined
  readonly #opened: Map<string, DataKeys> = new Map()

  /** @param encryption - `undefined` when no key was given: no keys are found then. */
  constructor(encryption: Encryption | undefined) {
    this.#encryption = encryption
  }

  /**
   * Returns the data keys of an encrypted file; `undefined` when no key was given.
   *
   * @throws {@link LdbError} LDB_KEY for a wrong key, LDB_CORRUPTION for a damaged key file. {@link CommandExit} when there is none.
   */
  keysOf(path: string): DataKeys | undefined {
    if (this.#encryption === undefined) return undefined
    const file = keyFileOf(path)
    if (file === undefined)
      throw new CommandExit(ExitCode.error, `there is no key file (${KEYS_NAME}) beside ${path} or above it`)
    let keys = this.#opened.get(file.name)
    if (keys === undefined) {
      const material = readDataKeys(file.bytes, this.#encryption, file.name)
      keys = DataKeys.import(material, { fill: randomFillSync })
      this.#opened.set(file.name, keys)
    }
    return keys
  }
}

interface KeyFile {
  readonly name: string
  readonly bytes: Uint8Array
}

function keyFileOf(path: string): KeyFile | undefined {
  const inStream = inStreamOf(path)
  if (inStream !== undefined) return inStream
  let directory = dirname(resolve(path))
  for (let level = 0; level < LEVELS; level++, directory = dirname(directory)) {
    const found = keyFileIn(directory) ?? keyFileOfBackup(directory)
    if (found !== undefined) return { name: found, bytes: readFileSync(found) }
  }
  return undefined
}

/** A stream contains the key file of its backup. */
function inStreamOf(path: string): KeyFile | undefined {
  const source = new FileSource(path)
  try {
    const bytes = readHeader(source).kind === 'S' ? keyFileInStream(source) : undefined
    return bytes && { name: path, bytes }
  } finally {
    source.close()
  }
}

function keyFileIn(directory: string): string | undefined {
  const file = join(directory, KEYS_NAME)
  return statSync(file, { throwIfNoEntry: false })?.isFile() === true ? file : undefined
}

/** An increment stores no key file that is that of the backup before it. */
function keyFileOfBackup(directory: string): string | undefined {
  if (statSync(join(directory, 'BACKUP'), { throwIfNoEntry: false }) === undefined) return undefined
  const series = dirname(directory)
  const before = Number(directory.slice(series.length + 1))
  const numbers = Number.isInteger(before) ? Array.from({ length: before }, (_, index) => before - index) : []
  for (const each of numbers.length === 0
    ? [directory]
    : numbers.map((number) => join(series, `${number}`))) {
    const found = storedKeyFile(each)
    if (found !== undefined) return found
  }
  return undefined
}

function storedKeyFile(directory: string): string | undefined {
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true) return undefined
  return readdirSync(directory)
    .filter((name) => name.endsWith('.data'))
    .map((name) => join(directory, name))
    .find((file) => statSync(file).size > 0 && readHeader(memorySource(file, headOf(file))).kind === 'K')
}

function headOf(file: string): Uint8Array {
  const source = new FileSource(file)
  try {
    return source.read(0, 64)
  } finally {
    source.close()
  }
}
