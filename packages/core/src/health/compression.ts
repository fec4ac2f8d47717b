import { invalidArgument, kindOf, LdbError } from '@ldb/base'
import { checkedCodec } from '@ldb/integrity'
import type { CompressionCodec } from '@ldb/integrity'
import type { CompressionName, EngineName, StoredCompression } from '../catalog/catalog.js'
import { CompressionNumber } from '../format.js'

/** Compression of a keyspace: by name, or a codec of the application. @category Options */
export type Compression = CompressionName | CompressionCodec

/** Compression of new keyspaces of engine `'lsm'`. */
export const DEFAULT_COMPRESSION: CompressionName = 'lz4'

/** Checks an option. @throws {@link LdbError} LDB_INVALID_ARGUMENT, LDB_UNSUPPORTED. */
export function resolveCompression(value: unknown): Compression | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'string' && Object.hasOwn(CompressionNumber, value)) return value as CompressionName
  if (value === 'zstd') throw new LdbError('LDB_UNSUPPORTED', "this build has no compression 'zstd'")
  if (typeof value === 'object' && value !== null) return checkedCodec(value)
  const got = typeof value === 'string' ? JSON.stringify(value) : kindOf(value)
  throw invalidArgument(`compression must be 'none', 'lz4', 'deflate', 'adaptive' or a codec, not ${got}`)
}

/**
 * Refuses a compression that was requested for a B+tree.
 *
 * @throws {@link LdbError} LDB_UNSUPPORTED.
 */
export function assertCompresses(engine: EngineName, compression: Compression | undefined): void {
  if (engine === 'lsm' || compression === undefined || compression === 'none') return
  throw new LdbError(
    'LDB_UNSUPPORTED',
    `this build has no compression for engine '${engine}'; use 'none', or engine 'lsm'`,
  )
}

/** Returns what the catalog stores for a compression. */
export function storedCompression(compression: Compression): StoredCompression {
  return typeof compression === 'object' ? compression.id : compression
}

/** Returns what the catalog stores for a new keyspace: the compression of the database, unless its engine has none. */
export function defaultCompression(engine: EngineName, ofDatabase: Compression): StoredCompression {
  return engine === 'lsm' ? storedCompression(ofDatabase) : 'none'
}
