import { ownOptions } from '@ldb/base'
import { CodecTable } from '@ldb/integrity'

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
  /** The codecs that values may have; the owner may add those of the application later. Default: the built-in ones. */
  readonly codecs?: CodecTable
}

const FILE_BYTES_DEFAULT = 64 * 1024 * 1024

/** Checks options, and fills in the defaults. @throws {@link LdbError} LDB_INVALID_ARGUMENT. */
export function resolveBlobFilesOptions(options: BlobFilesOptions | undefined): Required<BlobFilesOptions> {
  const given = ownOptions(
    options,
    ['fileBytes', 'freeBytes', 'codecs'],
    'options of blob files',
  ) as BlobFilesOptions
  const {
    fileBytes = FILE_BYTES_DEFAULT,
    freeBytes = (): undefined => undefined,
    codecs = new CodecTable(),
  } = given
  return { fileBytes, freeBytes, codecs }
}
