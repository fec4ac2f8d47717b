import { assert, encodeUtf8 } from '@ldb/base'
import { hkdfSha256 } from '#cipher'
import { FileCipher } from './file-cipher.js'
import type { FileKeys, FilePurpose } from './file-cipher.js'
import { NoncePool } from './nonce-pool.js'
import type { RandomBytes } from './nonce-pool.js'
import { KEY_BYTES } from './xaes256-gcm.js'

/** The data keys of a database as plain data, which another thread can receive. @category Encryption */
export interface KeyMaterial {
  readonly databaseId: Uint8Array
  readonly currentId: number
  readonly keys: readonly { readonly id: number; readonly key: Uint8Array }[]
}

const FILE_KEY_INFO = 'LDB file key 1 '

/**
 * The data keys of a database: the current one encrypts everything that is written, the others decrypt what was written before.
 *
 * @remarks A change of the current key takes effect with the next unit that any file cipher writes: each unit names its key.
 * @category Encryption
 */
export class DataKeys implements FileKeys {
  /** 16 bytes, bound to everything that is encrypted. */
  readonly databaseId: Uint8Array
  readonly #keys: Map<number, Uint8Array> = new Map()
  readonly #nonces: NoncePool
  #currentId = 0
  /** Called for each unit that was decrypted, with the bytes of its stored form; for a count. */
  noteDecrypted: ((dataKeyId: number, byteCount: number) => void) | undefined = undefined

  /** @param random - a cryptographically secure source. */
  constructor(databaseId: Uint8Array, random: RandomBytes) {
    this.databaseId = databaseId
    this.#nonces = new NoncePool(random)
  }

  /** Returns the keys that another thread has exported. */
  static import({ databaseId, currentId, keys }: KeyMaterial, random: RandomBytes): DataKeys {
    const imported = new DataKeys(databaseId, random)
    for (const { id, key } of keys) imported.add(id, key)
    imported.use(currentId)
    return imported
  }

  /** Number of the key that encrypts what is written. */
  get currentId(): number {
    return this.#currentId
  }

  /** Numbers of all keys, ascending. */
  get ids(): number[] {
    return [...this.#keys.keys()].sort((left, right) => left - right)
  }

  /**
   * Adds a key, without using it.
   *
   * @param id - 1 up to 2^32 − 1, never used before.
   */
  add(id: number, key: Uint8Array): void {
    assert(!this.#keys.has(id) && key.length === KEY_BYTES, 'a data key is new and has 32 bytes')
    this.#keys.set(id, key)
  }

  /** Makes a key the current one. */
  use(id: number): void {
    assert(this.#keys.has(id), 'the current data key is known')
    this.#currentId = id
  }

  /** Returns the key with a number; `undefined` when there is none. */
  get(id: number): Uint8Array | undefined {
    return this.#keys.get(id)
  }

  /** Derives the key of a file from a data key; `undefined` when there is no such data key. */
  fileKey(id: number, purpose: FilePurpose, fileId: Uint8Array): Uint8Array | undefined {
    const key = this.#keys.get(id)
    if (key === undefined) return undefined
    const prefix = encodeUtf8(FILE_KEY_INFO + purpose)
    const info = new Uint8Array(prefix.length + 1 + fileId.length)
    info.set(prefix)
    info.set(fileId, prefix.length + 1)
    return hkdfSha256(key, this.databaseId, info, KEY_BYTES)
  }

  /** Returns the cipher of the file with an id. */
  cipherOf(purpose: FilePurpose, fileId: Uint8Array): FileCipher {
    return new FileCipher(this, this.#nonces, purpose, fileId)
  }

  /**
   * Returns the cipher of the file with an id, for a file all of whose units have one data key: the one that is the current one now, even if
   * another one becomes it.
   */
  cipherOfWhole(purpose: FilePurpose, fileId: Uint8Array): FileCipher {
    const fileKey: FileKeys['fileKey'] = (...parameters) => this.fileKey(...parameters)
    const keys = { databaseId: this.databaseId, currentId: this.#currentId, fileKey }
    return new FileCipher(keys, this.#nonces, purpose, fileId)
  }

  /** Returns the keys as plain data. The caller keeps them in memory only. */
  export(): KeyMaterial {
    const keys = [...this.#keys].map(([id, key]) => ({ id, key }))
    return { databaseId: this.databaseId, currentId: this.#currentId, keys }
  }
}
