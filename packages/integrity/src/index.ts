/**
 * Checksums, file headers, compression codecs and verify reports.
 *
 * @packageDocumentation
 */

// Checksums
export { xxHash64 } from '#xxhash64'
export { createSeed64, SEED_ZERO, Seed64 } from './seed64.js'
export { FILE_ID_BYTES, seedOfFile } from './file-seed.js'

// Codecs
export {
  CodecId,
  COMPRESSED_RAW_BYTES_MAX,
  CUSTOM_CODEC_ID_MIN,
  DEFLATE_CODEC,
  LZ4_CODEC,
  NONE_CODEC,
  ZSTD_CODEC,
} from './codec.js'
export { checkedCodec, CodecTable, unknownCodec } from './codec-table.js'
export type { CompressionCodec } from './codec.js'
export { UnitCompressor } from './unit-compressor.js'

// Dictionaries
export { createLz4Dictionary } from '#lz4'
export { LZ4_DICTIONARY_BYTES_MAX, LZ4_DICTIONARY_INPUT_BYTES_MAX } from './lz4/lz4-dictionary.js'
export type { Lz4Dictionary } from './lz4/lz4-dictionary.js'
export { trainDictionary } from './lz4/dictionary-training.js'

// Units
export { UnitCodec, UnitKind } from './unit-codec.js'
export type { UnitCipher, UnitFile } from './unit-codec.js'

// Encryption
export { hkdfSha256, scrypt } from '#cipher'
export { DataKeys } from './cipher/data-keys.js'
export type { KeyMaterial } from './cipher/data-keys.js'
export { FileCipher } from './cipher/file-cipher.js'
export type { FileKeys, FilePurpose } from './cipher/file-cipher.js'
export type { BlockCipher, CipherPrimitives } from './cipher/block-cipher.js'
export type { RandomBytes } from './cipher/nonce-pool.js'
export { KEY_BYTES, NONCE_BYTES, TAG_BYTES, Xaes256Gcm } from './cipher/xaes256-gcm.js'

// File header
export { FILE_HEADER_BYTES, SUITE_XAES_256_GCM, UNIT_TRAILER_BYTES } from './format.js'
export { decodeFileHeader, encodeFileHeader } from './file-header.js'
export type { FileHeader, KnownFormat } from './file-header.js'

// Reports
export { ReportBuilder } from './report.js'
export type { ReportedFinding, VerifiedDataKey, VerifyPart, VerifyReport, VerifyUnits } from './report.js'
