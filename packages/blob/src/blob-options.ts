import { ownOptions } from '@ldb/base'
import { CodecTable } from '@ldb/integrity'
import type { UnitCipher } from '@ldb/integrity'

/** Options of `BlobFiles.open`. @category Blob files */
export interface BlobFilesOptions {
  /**
   * Bytes after which the next blob goes to a new file.
   *
   * @defaultValue 64 MiB
   */
  readonly fileBytes?: number
  /** Returns the bytes that are free on the device. Where they are few, files are shorter, so that a compaction needs less space. */
  readonly freeBytes?: () => number | undefined
  /** Makes the cipher of the file with an id, which encrypts keys and values. Default: they are not encrypted. */
  readonly createCipher?: (fileId: Uint8Array) => UnitCipher
  /** The codecs that values may have; the owner may add those of the application later. Default: the built-in ones. */
  readonly codecs?: CodecTable
}

/** Makes the cipher of the file with an id. */
export type CreateCipher = (fileId: Uint8Array) => UnitCipher

/** {@link BlobFilesOptions} with all defaults. */
export type ResolvedBlobFilesOptions = Required<Omit<BlobFilesOptions, 'createCipher'>> & {
  readonly createCipher: CreateCipher | undefined
}

const KNOWN = ['fileBytes', 'freeBytes', 'codecs', 'createCipher'] as const
const FILE_BYTES_DEFAULT = 64 * 1024 * 1024

/** Checks options, and fills in the defaults. @throws {@link LdbError} LDB_INVALID_ARGUMENT. */
export function resolveBlobFilesOptions(options: BlobFilesOptions | undefined): ResolvedBlobFilesOptions {
  const given = ownOptions(options, KNOWN, 'options of blob files') as BlobFilesOptions
  const {
    fileBytes = FILE_BYTES_DEFAULT,
    freeBytes = (): undefined => undefined,
    codecs = new CodecTable(),
    createCipher,
  } = given
  return { fileBytes, freeBytes, codecs, createCipher }
}
