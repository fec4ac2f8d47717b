import { assert } from '@ldb/base'
import { CodecId } from '@ldb/integrity'
import type { CodecTable, CompressionCodec } from '@ldb/integrity'
import { LEVEL_COUNT } from '../format.js'

/**
 * The compression of a store by name, or the id of an application codec:
 * - `'none'`: nothing is compressed.
 * - `'lz4'`: LZ4 in all levels.
 * - `'deflate'`, `'zstd'` and application codecs: LZ4 in level 0, whose tables a commit may wait for, the codec in all others.
 * - `'adaptive'`: LZ4 above the last level, deflate in the last one, which contains most of the data and is written least often.
 */
export type LevelCompression = 'none' | 'lz4' | 'deflate' | 'zstd' | 'adaptive' | number

/** The codec of the data blocks of each level, and the codecs that blocks of any table may have. */
export class LevelCodecs {
  /** Codecs by id, for reading. The owner may add application codecs later. */
  readonly known: CodecTable
  readonly #ids: readonly number[]

  constructor(known: CodecTable, compression: LevelCompression) {
    this.known = known
    this.#ids = idsOf(compression)
  }

  /** Returns the id of the codec of a level. */
  idAt(level: number): number {
    const id = this.#ids[level]
    assert(id !== undefined, 'a level has a codec')
    return id
  }

  /** Returns the codec of a level, whose id is known. */
  at(level: number): CompressionCodec {
    const codec = this.known.find(this.idAt(level))
    assert(codec !== undefined, 'tables are written with known codecs')
    return codec
  }
}

function idsOf(compression: LevelCompression): number[] {
  const [first, middle, last] = idsByPosition(compression)
  return Array.from({ length: LEVEL_COUNT }, (_, level) =>
    level === 0 ? first : level < LEVEL_COUNT - 1 ? middle : last,
  )
}

/** Returns the ids of level 0, the levels between, and the last level. */
function idsByPosition(compression: LevelCompression): readonly [number, number, number] {
  switch (compression) {
    case 'none':
      return [CodecId.None, CodecId.None, CodecId.None]
    case 'lz4':
      return [CodecId.Lz4, CodecId.Lz4, CodecId.Lz4]
    case 'deflate':
      return [CodecId.Lz4, CodecId.Deflate, CodecId.Deflate]
    case 'zstd':
      return [CodecId.Lz4, CodecId.Zstd, CodecId.Zstd]
    case 'adaptive':
      return [CodecId.Lz4, CodecId.Lz4, CodecId.Deflate]
    default:
      return [CodecId.Lz4, compression, compression]
  }
}
