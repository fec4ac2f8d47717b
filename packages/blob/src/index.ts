/**
 * Append-only files for large values: checked records, references that name them, and what is live.
 *
 * @packageDocumentation
 */

export { BlobFiles } from './blob-files.js'
export type { BlobFilesOptions } from './blob-options.js'
export type { BlobFileInfo, BlobRecord } from './blob-info.js'
export { compactedBytes } from './compaction.js'
export type { KeptRecord } from './compaction.js'
export { blobFileName, blobFileNumber, isBlobFileName } from './encoding/file-name.js'
export { CHUNK_BYTES, FIRST_RECORD_OFFSET, REFERENCE_BYTES } from './format.js'
export { decodedBytesOf, decodeReference, encodeReference, referencedBytes } from './reference.js'
export type { BlobReference } from './reference.js'
export type { BlobRenewal } from './rewriting.js'
export type { BlobStreamWriter } from './stream-writer.js'
export { verifyBlobFiles, verifyBlobFileSteps } from './verify.js'
export type { BlobRecordTotals } from './verify.js'
