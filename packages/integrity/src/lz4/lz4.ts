import { assert, copyBytesInto } from '@ldb/base'
import { LZ4_DICTIONARY_BYTES_MAX, LZ4_DICTIONARY_INPUT_BYTES_MAX } from './lz4-dictionary.js'
import type { Lz4Dictionary } from './lz4-dictionary.js'

// The block format of LZ4: FORMAT.md.

/** A match has at least this many bytes. */
const MATCH_BYTES_MIN = 4
/** Greatest distance between a match and its source. */
const OFFSET_MAX = 65_535
/** The last bytes of a block are literals. */
const LAST_LITERALS = 5
/** The last match begins at least this many bytes before the end. */
const LAST_MATCH_DISTANCE = 12
/** A length of 15 in a token continues in the bytes behind it. */
const LENGTH_IN_TOKEN_MAX = 15
/** No byte of a block stands for more bytes: a byte that continues a length. */
const RATIO_MAX = 255
/** Longer matches are copied by a native call, which has a fixed cost. */
const LOOP_BYTES_MAX = 64

const TABLE_BITS = 12
/** After so many positions without a match, as a power of two, the search begins to skip positions. */
const SKIP_BITS = 6
/** A larger output buffer is not kept. */
const OUTPUT_BYTES_KEPT = 2 ** 17

/** Compresses to blocks of LZ4. Keeps its memory from one call to the next. */
class Lz4Compressor {
  /** For each hash of four bytes the last position with it, plus one; 0 for none. */
  readonly #positions = new Int32Array(2 ** TABLE_BITS)
  #output = new Uint8Array(0)

  /**
   * Returns the block of `source`, in memory of its own; `undefined` when it would not be shorter than `source`.
   *
   * @remarks Greedy: takes the most recent occurrence of the next four bytes, and skips ahead in bytes that do not repeat.
   */
  compress(source: Uint8Array): Uint8Array | undefined {
    const bytesMax = source.length - 1
    if (this.#output.length < bytesMax) this.#output = new Uint8Array(Math.max(4096, bytesMax))
    const output = this.#output
    const positions = this.#positions.fill(0)
    const end = source.length <= LAST_MATCH_DISTANCE ? -1 : encode(source, 0, positions, output, bytesMax)
    if (output.length > OUTPUT_BYTES_KEPT) this.#output = new Uint8Array(0)
    return end < 0 ? undefined : output.slice(0, end)
  }
}

const compressor = new Lz4Compressor()

/**
 * Compresses to a block of LZ4, in memory of its own; returns `undefined` when it would not be shorter than `source`.
 *
 * @remarks The twin in WebAssembly finds other matches: both write blocks that both read.
 */
export function compressLz4(source: Uint8Array): Uint8Array | undefined {
  return compressor.compress(source)
}

/**
 * Writes the block of the bytes of `source` from `start` on, more than `LAST_MATCH_DISTANCE`. The bytes before are a dictionary.
 *
 * @param positions - for each hash of four bytes of the dictionary the last position with it, plus one; 0 for none. Is changed.
 * @returns the end of the block; -1 when it exceeds `bytesMax`.
 */
function encode(
  source: Uint8Array,
  start: number,
  positions: Int32Array,
  output: Uint8Array,
  bytesMax: number,
): number {
  const view = new DataView(source.buffer, source.byteOffset, source.length)
  const lastMatch = source.length - LAST_MATCH_DISTANCE
  const matchEnd = source.length - LAST_LITERALS
  let literals = start
  let end = 0
  let misses = 1 << SKIP_BITS
  for (let at = start; at <= lastMatch;) {
    const word = view.getInt32(at, true)
    const slot = slotOf(word)
    let match = positions[slot]! - 1
    positions[slot] = at + 1
    if (match < 0 || at - match > OFFSET_MAX || view.getInt32(match, true) !== word) {
      at += misses++ >>> SKIP_BITS
      continue
    }
    misses = 1 << SKIP_BITS
    let first = at
    while (first > literals && match > 0 && source[first - 1] === source[match - 1]) {
      first--
      match--
    }
    const offset = first - match
    at = endOfMatch(source, view, at + MATCH_BYTES_MIN, offset, matchEnd)
    end = writeSequence(source, literals, first, offset, at - first, output, end, bytesMax)
    if (end < 0) return -1
    literals = at
    // The next match often begins near the end of this one.
    if (at <= lastMatch) positions[slotOf(view.getInt32(at - 2, true))] = at - 1
  }
  return writeSequence(source, literals, source.length, 0, 0, output, end, bytesMax)
}

function slotOf(word: number): number {
  return Math.imul(word, 0x9e3779b1) >>> (32 - TABLE_BITS)
}

/** Returns the first position from `at` on whose byte differs from the one `offset` bytes before it, or `limit`. */
function endOfMatch(source: Uint8Array, view: DataView, at: number, offset: number, limit: number): number {
  let end = at
  while (end + 4 <= limit && view.getInt32(end, true) === view.getInt32(end - offset, true)) end += 4
  while (end < limit && source[end] === source[end - offset]) end++
  return end
}

/**
 * Writes the literals `source[start, end)` and the match behind them.
 *
 * @param matchBytes - length of the match; 0 for the last sequence, which has none.
 * @returns the end of the sequence; -1 when it exceeds `bytesMax`.
 */
function writeSequence(
  source: Uint8Array,
  start: number,
  end: number,
  offset: number,
  matchBytes: number,
  output: Uint8Array,
  outputStart: number,
  bytesMax: number,
): number {
  const literalBytes = end - start
  const matchRest = matchBytes === 0 ? 0 : matchBytes - MATCH_BYTES_MIN
  const lengthBytes = Math.floor(literalBytes / 255) + Math.floor(matchRest / 255)
  // A token, both lengths, the literals, an offset.
  if (outputStart + literalBytes + lengthBytes + (matchBytes === 0 ? 2 : 5) > bytesMax) return -1
  let at = outputStart + 1
  let token = LENGTH_IN_TOKEN_MAX << 4
  if (literalBytes < LENGTH_IN_TOKEN_MAX) token = literalBytes << 4
  else at = writeLength(literalBytes - LENGTH_IN_TOKEN_MAX, output, at)
  copyBytesInto(output, at, source, start, end)
  at += literalBytes
  if (matchBytes > 0) {
    output[at] = offset & 255
    output[at + 1] = offset >>> 8
    at += 2
    token |= Math.min(matchRest, LENGTH_IN_TOKEN_MAX)
    if (matchRest >= LENGTH_IN_TOKEN_MAX) at = writeLength(matchRest - LENGTH_IN_TOKEN_MAX, output, at)
  }
  output[outputStart] = token
  return at
}

function writeLength(length: number, output: Uint8Array, start: number): number {
  let at = start
  let rest = length
  for (; rest >= 255; rest -= 255) output[at++] = 255
  output[at++] = rest
  return at
}

/**
 * Decompresses a block of LZ4 to exactly `rawBytes` bytes. Returns `undefined` when it is malformed or has another length.
 *
 * @remarks Every length and offset is checked before its bytes are read or written. Allocates `rawBytes` bytes, and nothing when the block
 * is too short for them.
 */
export function decompressLz4(block: Uint8Array, rawBytes: number): Uint8Array | undefined {
  const blockBytes = block.length
  if (rawBytes > blockBytes * RATIO_MAX) return undefined
  const target = new Uint8Array(rawBytes)
  return decode(block, target, 0) ? target : undefined
}

/** Decompresses a block to the bytes of `target` from `start` on, all of them. The bytes before are a dictionary. */
function decode(block: Uint8Array, target: Uint8Array, start: number): boolean {
  const blockBytes = block.length
  const limit = target.length
  let at = 0
  let end = start
  while (at < blockBytes) {
    const token = block[at++]!
    let literalBytes = token >>> 4
    if (literalBytes === LENGTH_IN_TOKEN_MAX) {
      let byte = 255
      while (byte === 255) {
        if (at >= blockBytes) return false
        byte = block[at++]!
        literalBytes += byte
      }
    }
    if (literalBytes > blockBytes - at || literalBytes > limit - end) return false
    copyBytesInto(target, end, block, at, at + literalBytes)
    at += literalBytes
    end += literalBytes
    // Only the last sequence has no match.
    if (at === blockBytes) return end === limit
    if (blockBytes - at < 2) return false
    const offset = block[at]! | (block[at + 1]! << 8)
    at += 2
    if (offset === 0 || offset > end) return false
    let matchBytes = (token & LENGTH_IN_TOKEN_MAX) + MATCH_BYTES_MIN
    if (matchBytes === LENGTH_IN_TOKEN_MAX + MATCH_BYTES_MIN) {
      let byte = 255
      while (byte === 255) {
        if (at >= blockBytes) return false
        byte = block[at++]!
        matchBytes += byte
      }
    }
    if (matchBytes > limit - end) return false
    copyMatch(target, end, offset, matchBytes)
    end += matchBytes
  }
  return false
}

/** Copies `byteCount` bytes to `end` from `offset` bytes before it; the two may overlap, and the bytes then repeat. */
function copyMatch(target: Uint8Array, end: number, offset: number, byteCount: number): void {
  if (byteCount <= LOOP_BYTES_MAX) {
    const stop = end + byteCount
    for (let at = end, from = end - offset; at < stop; at++, from++) target[at] = target[from]!
    return
  }
  let copied = Math.min(offset, byteCount)
  target.copyWithin(end, end - offset, end - offset + copied)
  // What is copied so far is a multiple of the period.
  while (copied < byteCount) {
    const part = Math.min(copied, byteCount - copied)
    target.copyWithin(end + copied, end, end + part)
    copied += part
  }
}

/** The dictionary in TypeScript: it precedes the bytes that are compressed, or decompressed, in one buffer. */
class PortableDictionary implements Lz4Dictionary {
  readonly bytes: Uint8Array
  readonly #window: Uint8Array
  /** Positions of the dictionary, and those of the present call. */
  readonly #indexed: Int32Array = new Int32Array(2 ** TABLE_BITS)
  readonly #positions: Int32Array = new Int32Array(2 ** TABLE_BITS)
  #output = new Uint8Array(0)

  constructor(bytes: Uint8Array) {
    assert(bytes.length <= LZ4_DICTIONARY_BYTES_MAX, 'a dictionary is not too long')
    this.bytes = bytes
    this.#window = new Uint8Array(bytes.length + LZ4_DICTIONARY_INPUT_BYTES_MAX)
    this.#window.set(bytes)
    const view = new DataView(this.#window.buffer)
    for (let at = 0; at + MATCH_BYTES_MIN <= bytes.length; at++) {
      this.#indexed[slotOf(view.getInt32(at, true))] = at + 1
    }
  }

  compress(
    source: Uint8Array,
    start: number,
    end: number,
    target: Uint8Array,
    at: number,
    bytesMax: number,
  ): number {
    const byteCount = end - start
    if (byteCount <= LAST_MATCH_DISTANCE || byteCount > LZ4_DICTIONARY_INPUT_BYTES_MAX) return 0
    const dictionaryBytes = this.bytes.length
    copyBytesInto(this.#window, dictionaryBytes, source, start, end)
    if (this.#output.length < bytesMax) this.#output = new Uint8Array(Math.max(1024, bytesMax))
    this.#positions.set(this.#indexed)
    const window = this.#window.subarray(0, dictionaryBytes + byteCount)
    const blockBytes = encode(window, dictionaryBytes, this.#positions, this.#output, bytesMax)
    if (blockBytes < 0) return 0
    copyBytesInto(target, at, this.#output, 0, blockBytes)
    return blockBytes
  }

  decompress(
    source: Uint8Array,
    start: number,
    end: number,
    target: Uint8Array,
    at: number,
    rawBytes: number,
  ): boolean {
    if (rawBytes > LZ4_DICTIONARY_INPUT_BYTES_MAX) return false
    const dictionaryBytes = this.bytes.length
    const window = this.#window.subarray(0, dictionaryBytes + rawBytes)
    if (!decode(source.subarray(start, end), window, dictionaryBytes)) return false
    copyBytesInto(target, at, window, dictionaryBytes, window.length)
    return true
  }
}

/**
 * Returns what compresses with a dictionary.
 *
 * @param bytes - at most {@link LZ4_DICTIONARY_BYTES_MAX}.
 */
export function createLz4Dictionary(bytes: Uint8Array): Lz4Dictionary {
  return new PortableDictionary(bytes)
}
