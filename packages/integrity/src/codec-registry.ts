import { invalidArgument } from '@ldb/base'
import { CUSTOM_CODEC_ID_MIN, DEFLATE_CODEC, NONE_CODEC } from './codec.js'
import type { CompressionCodec } from './codec.js'

const CODEC_ID_MAX = 255

/**
 * The codecs that may be met when bytes are read: the built-in ones and an application's own. Never changes once it
 * is made; there is no list beside it.
 *
 * @category Codecs
 */
export class CodecRegistry {
  readonly #byId: Map<number, CompressionCodec>
  readonly #byName: Map<string, CompressionCodec>

  /**
   * @param custom - codecs with ids from 128 to 255 and names not taken.
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT when an id is out of bounds, or an id or name is taken.
   */
  constructor(custom: readonly CompressionCodec[] = []) {
    const builtIn = [NONE_CODEC, DEFLATE_CODEC]
    this.#byId = new Map(builtIn.map((codec) => [codec.id, codec]))
    this.#byName = new Map(builtIn.map((codec) => [codec.name, codec]))
    for (const codec of custom) this.#add(codec)
  }

  /** Returns the codec with an id, or `undefined`. */
  byId(id: number): CompressionCodec | undefined {
    return this.#byId.get(id)
  }

  /** Returns the codec of a name, or `undefined`. */
  byName(name: string): CompressionCodec | undefined {
    return this.#byName.get(name)
  }

  #add(codec: CompressionCodec): void {
    const { id, name } = codec
    if (!Number.isInteger(id) || id < CUSTOM_CODEC_ID_MIN || id > CODEC_ID_MAX) {
      throw invalidArgument(`id of codec ${name} must be an integer from 128 to 255`, {
        expected: '128 to 255',
        actual: id,
      })
    }
    if (typeof name !== 'string' || name === '') throw invalidArgument('a codec must have a name')
    if (this.#byId.has(id)) throw invalidArgument(`codec id ${id} is taken`, { actual: id })
    if (this.#byName.has(name)) throw invalidArgument(`codec name ${name} is taken`, { actual: name })
    this.#byId.set(id, codec)
    this.#byName.set(name, codec)
  }
}

/**
 * A registry of the built-in codecs alone.
 *
 * @category Codecs
 */
export const BUILT_IN_CODECS: CodecRegistry = new CodecRegistry()
