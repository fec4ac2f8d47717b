import { assert, concatBytes, corruption, equalBytes, isLdbError, LdbError } from '@ldb/base'
import { DataKeys, KEY_BYTES } from '@ldb/integrity'
import type { RandomBytes } from '@ldb/integrity'
import { isMissingPath } from '@ldb/vfs'
import type { Vfs } from '@ldb/vfs'
import { DATA_KEYS_MAX, KEYS_SLOT_BYTES } from '../format.js'
import {
  createWrapping,
  dataKeyIdsOf,
  decodeKeyFile,
  encodeKeyFile,
  isIntactSlot,
  unwrapKeyFile,
} from './key-file.js'
import type { KeyFileContent, KeyWrapping, OpenedKeyFile } from './key-file.js'
import type { Secret } from './secret.js'

/** Names of the key file, and of one that is being written. */
export const KEYS_NAME = 'KEYS'
export const KEYS_NEW_NAME = 'KEYS.new'

/** The keys of an open database, and the file that holds them. */
export class DatabaseKeys {
  /** The data keys: what is written from now on is encrypted with the current one. */
  readonly data: DataKeys
  /** Bytes of the key file, as it was last read or replaced. */
  #file: Uint8Array
  #content: KeyFileContent
  /** Wrappings of the key files of this process; the last one is that of the present one. */
  readonly #wrappings: KeyWrapping[]

  /** @param file - bytes of the key file. */
  private constructor({ content, wrapping }: OpenedKeyFile, file: Uint8Array, vfs: Vfs) {
    this.#content = content
    this.#wrappings = [wrapping]
    this.#file = file
    this.data = new DataKeys(content.databaseId, vfs.random)
    for (const { id, key } of content.keys) this.data.add(id, key)
    this.data.use(content.currentId)
  }

  /** Creates the key file of a new database. Syncs the file; the caller syncs the directory. */
  static create(vfs: Vfs, directory: string, databaseId: Uint8Array, secret: Secret): DatabaseKeys {
    const key = vfs.random.fill(new Uint8Array(KEY_BYTES))
    const content = { databaseId, generation: 1, currentId: 1, keys: [{ id: 1, key }] }
    const wrapping = createWrapping(secret, vfs.random)
    const bytes = encodeKeyFile(content, wrapping, vfs.random)
    writeFile(vfs, `${directory}/${KEYS_NAME}`, bytes)
    return new DatabaseKeys({ content, wrapping }, bytes, vfs)
  }

  /**
   * Reads the key file of a database.
   *
   * @param databaseId - `undefined` when it is not known.
   * @param known - keys that were read before: they are returned when the file is the same, without another derivation.
   * @throws {@link LdbError} LDB_KEY for a wrong secret; LDB_CORRUPTION when the file is missing, damaged, or that of another database;
   * LDB_FORMAT, LDB_IO.
   */
  static open(
    vfs: Vfs,
    directory: string,
    databaseId: Uint8Array | undefined,
    secret: Secret,
    known?: DatabaseKeys,
  ): DatabaseKeys {
    const file = `${directory}/${KEYS_NAME}`
    const bytes = readKeyFile(vfs, directory)
    const isKnown = known !== undefined && equalBytes(bytes, known.#file)
    if (isKnown && (databaseId === undefined || equalBytes(known.data.databaseId, databaseId))) return known
    const opened = decodeKeyFile(bytes, secret, file)
    if (databaseId === undefined || equalBytes(opened.content.databaseId, databaseId))
      return new DatabaseKeys(opened, bytes, vfs)
    throw corruption(file, 0, 'the key file belongs to another database')
  }

  /** The key file as it was last read or replaced, with two intact slots. Borrowed. */
  get wholeFile(): Uint8Array {
    return repairedKeyFile(this.#file) ?? this.#file
  }

  /** Number of the data keys: the current one, and those of older units. */
  get count(): number {
    return this.#content.keys.length
  }

  /** Number of the key file: one more with each replacement. */
  get generation(): number {
    return this.#content.generation
  }

  /** Numbers of the data keys in the key file, without the current one. */
  get olderIds(): number[] {
    const { keys, currentId } = this.#content
    return keys.map(({ id }) => id).filter((id) => id !== currentId)
  }

  /**
   * Replaces the secret, and the current data key by a new one.
   *
   * @remarks The file is replaced by rename: at every moment, one of the two secrets opens the database. The new data key is used only when
   * the file that holds it is on the device. When no more data keys fit, the current one remains.
   * @param failed - called when the rename or the sync of the directory fails: which file the device has is not known then.
   */
  rotate(vfs: Vfs, directory: string, secret: Secret, failed: (error: unknown) => void): void {
    const before = this.#content
    const isFull = before.keys.length === DATA_KEYS_MAX
    const id = (before.keys.at(-1)?.id ?? 0) + 1
    const added = isFull ? [] : [{ id, key: vfs.random.fill(new Uint8Array(KEY_BYTES)) }]
    const content = {
      databaseId: before.databaseId,
      generation: before.generation + 1,
      currentId: isFull ? before.currentId : id,
      keys: [...before.keys, ...added],
    }
    const wrapping = createWrapping(secret, vfs.random)
    this.#replace(vfs, directory, content, wrapping, failed)
    this.#wrappings.push(wrapping)
    for (const { id: addedId, key } of added) this.data.add(addedId, key)
    this.data.use(content.currentId)
  }

  /**
   * Removes older data keys from the key file: no unit of the database needs them. This process keeps them in memory, for what open reads may
   * still reach.
   *
   * @param failed - as of {@link DatabaseKeys.rotate}. Both files open the database.
   */
  remove(vfs: Vfs, directory: string, ids: readonly number[], failed: (error: unknown) => void): void {
    const { generation, ...before } = this.#content
    assert(!ids.includes(before.currentId), 'the current data key is not removed')
    const keys = before.keys.filter(({ id }) => !ids.includes(id))
    this.#replace(vfs, directory, { ...before, generation: generation + 1, keys }, this.#wrapping, failed)
  }

  /**
   * Writes the key file anew, with the same keys and the same secret.
   *
   * @param failed - as of {@link DatabaseKeys.rotate}. Both files open the database.
   */
  rewrite(vfs: Vfs, directory: string, failed: (error: unknown) => void): void {
    const { generation } = this.#content
    this.#replace(vfs, directory, { ...this.#content, generation: generation + 1 }, this.#wrapping, failed)
  }

  /**
   * Returns the key file of an archive of this database: with the present data keys and those that only the archive has.
   *
   * @param stored - its present bytes; `undefined` when it has none.
   * @returns `undefined` when it may stay as it is.
   * @throws {@link LdbError} LDB_KEY when it has data keys that this database has not, under a secret that this process does not know.
   */
  archived(stored: Uint8Array | undefined, file: string, random: RandomBytes): Uint8Array | undefined {
    const content = this.#content
    if (stored === undefined) return encodeKeyFile(content, this.#wrapping, random)
    const known = new Set(content.keys.map(({ id }) => id))
    let found: KeyFileContent | undefined
    for (const wrapping of this.#wrappings) found ??= unwrapKeyFile(stored, wrapping, file)
    const isUnknown = found === undefined && dataKeyIdsOf(stored, file).some((id) => !known.has(id))
    if (isUnknown) {
      const message = `the key file of the archive has data keys under an earlier key or passphrase (${file})`
      throw new LdbError('LDB_KEY', message, { details: { file } })
    }
    const others = found?.keys.filter(({ id }) => !known.has(id)) ?? []
    const keys = [...others, ...content.keys].sort((left, right) => left.id - right.id)
    if (keys.length > DATA_KEYS_MAX) {
      throw new LdbError('LDB_TOO_LARGE', `the archive has too many data keys; begin another one (${file})`)
    }
    const isPresent =
      found?.currentId === content.currentId &&
      found.keys.length === keys.length &&
      unwrapKeyFile(stored, this.#wrapping, file) !== undefined
    return isPresent ? undefined : encodeKeyFile({ ...content, keys }, this.#wrapping, random)
  }

  get #wrapping(): KeyWrapping {
    return this.#wrappings.at(-1) as KeyWrapping
  }

  #replace(
    vfs: Vfs,
    directory: string,
    content: KeyFileContent,
    wrapping: KeyWrapping,
    failed: (error: unknown) => void,
  ): void {
    const bytes = encodeKeyFile(content, wrapping, vfs.random)
    const temporary = writeNewKeyFile(vfs, directory, bytes)
    try {
      vfs.rename(temporary, `${directory}/${KEYS_NAME}`)
      vfs.syncDirectory(directory)
    } catch (error) {
      failed(error)
      throw error
    }
    this.#content = content
    this.#file = bytes
  }
}

function writeFile(vfs: Vfs, path: string, bytes: Uint8Array): void {
  const file = vfs.open(path, 'create')
  try {
    file.truncate(0)
    file.write(bytes, 0, bytes.length, 0)
    file.sync()
  } finally {
    file.close()
  }
}

export function needsKey(directory: string): LdbError {
  const message = `the database at ${directory} is encrypted: it needs a key or a passphrase`
  return new LdbError('LDB_KEY', message, { details: { file: directory } })
}

/** Replaces the key file in a directory, which the caller syncs. */
export function replaceKeyFile(vfs: Vfs, directory: string, bytes: Uint8Array): void {
  vfs.rename(writeNewKeyFile(vfs, directory, bytes), `${directory}/${KEYS_NAME}`)
}

/** Writes and syncs a key file under a temporary name, which it returns. */
function writeNewKeyFile(vfs: Vfs, directory: string, bytes: Uint8Array): string {
  const temporary = `${directory}/${KEYS_NEW_NAME}`
  try {
    writeFile(vfs, temporary, bytes)
    return temporary
  } catch (error) {
    removeQuietly(vfs, temporary)
    throw error
  }
}

/**
 * Returns a key file of two intact slots.
 *
 * @param bytes - a key file, of which one slot may be damaged.
 * @returns `undefined` when both are.
 */
export function repairedKeyFile(bytes: Uint8Array): Uint8Array | undefined {
  const slots = [0, KEYS_SLOT_BYTES].map((start) => bytes.subarray(start, start + KEYS_SLOT_BYTES))
  const intact = slots.find(isIntactSlot)
  return intact && concatBytes(intact, intact)
}

/** Reads the key file of a database. @throws {@link LdbError} LDB_CORRUPTION when it is missing. */
export function readKeyFile(vfs: Vfs, directory: string): Uint8Array {
  const path = `${directory}/${KEYS_NAME}`
  try {
    const file = vfs.open(path, 'read')
    try {
      const bytes = new Uint8Array(2 * KEYS_SLOT_BYTES)
      return bytes.subarray(0, file.read(bytes, 0, bytes.length, 0))
    } finally {
      file.close()
    }
  } catch (error) {
    if (!isLdbError(error) || !isMissingPath(error)) throw error
    throw corruption(path, 0, 'the key file of an encrypted database is missing', { cause: error })
  }
}

function removeQuietly(vfs: Vfs, path: string): void {
  try {
    vfs.remove(path)
  } catch (error) {
    if (!isLdbError(error)) throw error
  }
}

/** The keys of the database that is being opened, which are derived once. */
export class KeyAccess {
  readonly #directory: string
  readonly #secret: Secret | undefined
  #keys: DatabaseKeys | undefined = undefined

  /** @param secret - `undefined` when the caller has given none. */
  constructor(directory: string, secret: Secret | undefined) {
    this.#directory = directory
    this.#secret = secret
  }

  /** The keys, when the catalog was read or written with them. */
  get keys(): DatabaseKeys | undefined {
    return this.#keys
  }

  /** Creates the keys of a new database in a directory. Returns `undefined` when it is not encrypted. */
  create(vfs: Vfs, directory: string, databaseId: Uint8Array): DatabaseKeys | undefined {
    if (this.#secret === undefined) return undefined
    this.#keys = DatabaseKeys.create(vfs, directory, databaseId, this.#secret)
    return this.#keys
  }

  /**
   * Returns the keys of the database with an id, whose catalog is encrypted.
   *
   * @throws {@link LdbError} LDB_KEY without a secret, and as {@link DatabaseKeys.open}.
   */
  open(vfs: Vfs, databaseId: Uint8Array): DatabaseKeys {
    if (this.#secret === undefined) throw needsKey(this.#directory)
    this.#keys = DatabaseKeys.open(vfs, this.#directory, databaseId, this.#secret, this.#keys)
    return this.#keys
  }

  /**
   * Reads the keys of a database whose catalog is lost: its key file names the database.
   *
   * @returns `undefined` when there is no key file.
   * @throws {@link LdbError} as `open`.
   */
  openAlone(vfs: Vfs): DatabaseKeys | undefined {
    if (vfs.status(`${this.#directory}/${KEYS_NAME}`) === undefined) {
      this.assertNotGiven()
      return undefined
    }
    if (this.#secret === undefined) throw needsKey(this.#directory)
    this.#keys = DatabaseKeys.open(vfs, this.#directory, undefined, this.#secret, this.#keys)
    return this.#keys
  }

  /** Refuses a secret for a database that is not encrypted. @throws {@link LdbError} LDB_KEY. */
  assertNotGiven(): void {
    if (this.#secret === undefined) return
    throw new LdbError(
      'LDB_KEY',
      `the database at ${this.#directory} is not encrypted, and a key was given`,
      {
        details: { file: this.#directory },
      },
    )
  }
}
