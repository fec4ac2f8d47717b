import { corruption, invalidArgument, isLdbError, kindOf, LdbError, optionalMember } from '@ldb/base'
import {
  CodecId,
  COMPRESSED_RAW_BYTES_MAX,
  CUSTOM_CODEC_ID_MIN,
  DEFLATE_CODEC,
  LZ4_CODEC,
  NONE_CODEC,
  ZSTD_CODEC,
} from './codec.js'
import type { CompressionCodec } from './codec.js'

const CUSTOM_CODEC_ID_MAX = 255
/** Codecs of values, by the name of an option: `adaptive` is LZ4 where it pays, as every compression is. */
const OPTION_IDS = {
  none: CodecId.None,
  lz4: CodecId.Lz4,
  deflate: CodecId.Deflate,
  zstd: CodecId.Zstd,
  adaptive: CodecId.Lz4,
} as const

/**
 * The compression codecs that the units of a file may have, by their ids: the built-in ones, and application codecs that are added.
 *
 * @category Codecs
 */
export class CodecTable {
  readonly #codecs = new Map<number, CompressionCodec>(
    [NONE_CODEC, DEFLATE_CODEC, LZ4_CODEC, ...(ZSTD_CODEC === undefined ? [] : [ZSTD_CODEC])].map((codec) => [
      codec.id,
      codec,
    ]),
  )

  /**
   * Adds an application codec. One with the same id and name replaces it.
   *
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT when another codec has its id.
   */
  add(codec: CompressionCodec): void {
    const { id, name } = codec
    const present = this.#codecs.get(id)
    if (present !== undefined && present.name !== name) {
      throw invalidArgument(
        `the codecs ${JSON.stringify(present.name)} and ${JSON.stringify(name)} have one id, ${id}`,
      )
    }
    this.#codecs.set(id, codec)
  }

  /** Returns the codec with an id; `undefined` when this build has none, and none was added. */
  find(id: number): CompressionCodec | undefined {
    return this.#codecs.get(id)
  }

  /**
   * Returns the codec with which values are compressed under an option: a name, or the id of an application codec, in whose place LZ4 is used
   * until it is added.
   */
  ofOption(compression: 'none' | 'lz4' | 'deflate' | 'zstd' | 'adaptive' | number): CompressionCodec {
    const id = typeof compression === 'number' ? compression : OPTION_IDS[compression]
    return this.#codecs.get(id) ?? LZ4_CODEC
  }

  /**
   * Decompresses a unit.
   *
   * @param rawBytes - its length, as the unit says.
   * @returns exactly `rawBytes` bytes, from the start of their buffer on.
   * @throws {@link LdbError} LDB_UNSUPPORTED when the codec is unknown, LDB_CORRUPTION when the bytes do not decompress to `rawBytes` bytes.
   * Both name the file and the offset.
   */
  decompress(id: number, bytes: Uint8Array, rawBytes: number, file: string, offset: number): Uint8Array {
    const codec = this.#codecs.get(id)
    if (codec === undefined) throw unknownCodec(id, { file, offset })
    if (rawBytes > COMPRESSED_RAW_BYTES_MAX)
      throw corruption(file, offset, 'a compressed unit is too long', { actual: rawBytes })
    try {
      if (id < CUSTOM_CODEC_ID_MIN) return codec.decompress(bytes, rawBytes)
      const raw: unknown = codec.decompress(bytes, rawBytes)
      if (raw instanceof Uint8Array && raw.length === rawBytes) return new Uint8Array(raw)
    } catch (cause) {
      if (isLdbError(cause, 'LDB_UNSUPPORTED')) throw cause
      throw corruption(file, offset, `a unit does not decompress with codec ${codec.name}`, { cause })
    }
    throw corruption(file, offset, `codec ${codec.name} returned other bytes than ${rawBytes}`)
  }
}

/** Creates the error for a codec that this build does not have. @category Codecs */
export function unknownCodec(
  id: number,
  details: { readonly file?: string; readonly offset?: number } = {},
): LdbError {
  const remedy =
    id >= CUSTOM_CODEC_ID_MIN ? ': it belongs to the application, which has to pass it as compression' : ''
  const name = id === CodecId.Zstd ? 'zstd, which Node has from 22.15 on' : String(id)
  return new LdbError('LDB_UNSUPPORTED', `this build has no codec ${name}${remedy}`, {
    details: { ...details, actual: id },
  })
}

/**
 * Checks an application codec and returns it with its present members, so that later changes of the object have no effect.
 *
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT.
 * @category Codecs
 */
export function checkedCodec(value: unknown): CompressionCodec {
  if (typeof value !== 'object' || value === null)
    throw invalidArgument(`a compression codec must be an object, not ${kindOf(value)}`)
  const codec = value as CompressionCodec
  const id = optionalMember(codec, 'id')
  const name = optionalMember(codec, 'name')
  if (id === undefined || !Number.isInteger(id) || id < CUSTOM_CODEC_ID_MIN || id > CUSTOM_CODEC_ID_MAX) {
    throw invalidArgument(
      `the id of a compression codec must be a whole number from ${CUSTOM_CODEC_ID_MIN} to ${CUSTOM_CODEC_ID_MAX}`,
    )
  }
  if (typeof name !== 'string' || name === '') throw invalidArgument('a compression codec must have a name')
  return Object.freeze({
    id,
    name,
    compress: methodOf(codec, 'compress'),
    decompress: methodOf(codec, 'decompress'),
  })
}

function methodOf<Name extends 'compress' | 'decompress'>(
  codec: CompressionCodec,
  name: Name,
): CompressionCodec[Name] {
  const method: unknown = optionalMember(codec, name)
  if (typeof method !== 'function') throw invalidArgument(`a compression codec must have the method ${name}`)
  return method.bind(codec) as CompressionCodec[Name]
}
