import { EncodingReader } from '../dictionary/encoding-reader.js'
import { ValueEncoder } from '../dictionary/value-encoder.js'
import { NONE_ENCODED } from './tree-state.js'
import type { TreeState } from './tree-state.js'

/** Encodes the values that are written to a tree. @internal */
export class TreeEncoding {
  readonly #state: TreeState
  #encoder: ValueEncoder | undefined = undefined
  #reader: EncodingReader | undefined = undefined

  constructor(state: TreeState) {
    this.#state = state
  }

  /** Reads the dictionaries at the first use. @throws {@link LdbError} LDB_IO. */
  get encoder(): ValueEncoder {
    return (this.#encoder ??= new ValueEncoder(this.#state.pages.dictionaries, this.#state.limits))
  }

  /** Iterates over sections whose values it encodes. */
  get reader(): EncodingReader {
    return (this.#reader ??= new EncodingReader(this.encoder))
  }

  /** Begins to apply the section of {@link TreeEncoding.reader}. */
  begin(): void {
    this.#state.encodedFrom = this.reader.encodedFrom
  }

  /** Ends the application: values of other bytes are not encoded. */
  end(): void {
    this.#state.encodedFrom = NONE_ENCODED
  }
}
