/** A blob file that exists. @category Blob files */
export interface BlobFileInfo {
  readonly number: number
  /** Length in bytes. */
  readonly fileBytes: number
}

/** A record of a blob file. @category Blob files */
export interface BlobRecord {
  readonly key: Uint8Array
  /** The encoded reference that names its value. */
  readonly reference: Uint8Array
  readonly offset: number
  /** Offset of what follows the record. */
  readonly nextOffset: number
}
