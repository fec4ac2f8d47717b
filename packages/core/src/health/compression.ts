import { invalidArgument, kindOf } from '@ldb/base'
import { checkedCodec, CodecId, unknownCodec, ZSTD_CODEC } from '@ldb/integrity'
import type { CompressionCodec } from '@ldb/integrity'
import type { CompressionName, StoredCompression } from '../catalog/catalog.js'
import { CompressionNumber } from '../format.js'

/** Compression of a keyspace: by name, or a codec of the application. @category Options */
export type Compression = CompressionName | CompressionCodec

/** Compression of new keyspaces. */
export const DEFAULT_COMPRESSION: CompressionName = 'lz4'

/** Checks an option. @throws {@link LdbError} LDB_INVALID_ARGUMENT, LDB_UNSUPPORTED. */
export function resolveCompression(value: unknown): Compression | undefined {
  if (value === undefined) return undefined
  if (value === 'zstd' && ZSTD_CODEC === undefined) throw unknownCodec(CodecId.Zstd)
  if (typeof value === 'string' && Object.hasOwn(CompressionNumber, value)) return value as CompressionName
  if (typeof value === 'object' && value !== null) return checkedCodec(value)
  const got = typeof value === 'string' ? JSON.stringify(value) : kindOf(value)
  throw invalidArgument(
    `compression must be 'none', 'lz4', 'deflate', 'zstd', 'adaptive' or a codec, not ${got}`,
  )
}

/** Returns what the catalog stores for a compression. */
export function storedCompression(compression: Compression): StoredCompression {
  return typeof compression === 'object' ? compression.id : compression
}
