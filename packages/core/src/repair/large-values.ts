import { corruption, isLdbError } from '@ldb/base'
import type { LdbError } from '@ldb/base'
import { BlobFiles } from '@ldb/blob'
import type { CodecTable, DataKeys } from '@ldb/integrity'
import { isMissingPath } from '@ldb/vfs'
import type { Vfs } from '@ldb/vfs'
import { expiryOf, hasValueHeader, referenceAt } from '../blob/value-header.js'
import { blobsPath } from '../catalog/directory-layout.js'
import { cipherOption } from '../encryption/ciphers.js'
import { VALUE_HEADER_BYTES, VALUE_HEADER_OFFSET_FLAGS } from '../format.js'

/** A stored value that contains its bytes, or why they cannot be read. */
export type WholeValue = { readonly value: Uint8Array } | { readonly fault: LdbError }

/** The large values of a damaged database. */
export class DamagedValues {
  readonly #files: BlobFiles | undefined
  readonly #directory: string

  /**
   * @param codecs - those of values.
   * @param keys - of an encrypted database.
   */
  constructor(vfs: Vfs, directory: string, codecs: CodecTable, keys: DataKeys | undefined) {
    this.#directory = blobsPath(directory)
    const isThere = vfs.status(this.#directory)?.kind === 'directory'
    this.#files = isThere
      ? BlobFiles.open(vfs, this.#directory, { codecs, ...cipherOption(keys, 'blob') })
      : undefined
  }

  /**
   * Replaces the reference in a stored value by the value that it names; the expiry stays.
   *
   * @param stored - returned itself, borrowed, when it has no reference.
   */
  resolve(stored: Uint8Array): WholeValue {
    const at = referenceAt(stored, 0, stored.length)
    if (at < 0) return { value: stored }
    try {
      return { value: this.#withHeader(stored, this.#read(stored, at)) }
    } catch (error) {
      if (!isLdbError(error) || !(error.code === 'LDB_CORRUPTION' || isMissingPath(error))) throw error
      return { fault: error }
    }
  }

  close(): void {
    this.#files?.close()
  }

  #read(stored: Uint8Array, at: number): Uint8Array {
    if (this.#files === undefined) throw corruption(this.#directory, 0, 'the blob files are missing')
    // A value without a header of its own is stored behind one that has no expiry.
    return this.#files.read(stored, at, VALUE_HEADER_BYTES)
  }

  /** @param value - the value behind space for a header. */
  #withHeader(stored: Uint8Array, value: Uint8Array): Uint8Array {
    const raw = value.subarray(VALUE_HEADER_BYTES)
    value.set(stored.subarray(0, VALUE_HEADER_BYTES))
    value[VALUE_HEADER_OFFSET_FLAGS] = 0
    return expiryOf(value, 0, VALUE_HEADER_BYTES) === Infinity && !hasValueHeader(raw) ? raw : value
  }
}
