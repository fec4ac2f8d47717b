import { copyBytesInto } from '@ldb/base'

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
    const end = source.length <= LAST_MATCH_DISTANCE ? -1 : this.#encode(source, output, bytesMax)
    if (output.length > OUTPUT_BYTES_KEPT) this.#output = new Uint8Array(0)
    return end < 0 ? undefined : output.slice(0, end)
  }

  /** Writes the block and returns its end; -1 when it exceeds `bytesMax`. `source` is longer than `LAST_MATCH_DISTANCE`. */
  #encode(source: Uint8Array, output: Uint8Array, bytesMax: number): number {
    const positions = this.#positions.fill(0)
    const view = new DataView(source.buffer, source.byteOffset, source.length)
    const lastMatch = source.length - LAST_MATCH_DISTANCE
    const matchEnd = source.length - LAST_LITERALS
    let literals = 0
    let end = 0
    let misses = 1 << SKIP_BITS
    for (let at = 0; at <= lastMatch;) {
      const word = view.getInt32(at, true)
      const slot = Math.imul(word, 0x9e3779b1) >>> (32 - TABLE_BITS)
      let match = positions[slot]! - 1
      positions[slot] = at + 1
      if (match < 0 || at - match > OFFSET_MAX || view.getInt32(match, true) !== word) {
        at += misses++ >>> SKIP_BITS
        continue
      }
      misses = 1 << SKIP_BITS
      let start = at
      while (start > literals && match > 0 && source[start - 1] === source[match - 1]) {
        start--
        match--
      }
      const offset = start - match
      at = endOfMatch(source, view, at + MATCH_BYTES_MIN, offset, matchEnd)
      end = writeSequence(source, literals, start, offset, at - start, output, end, bytesMax)
      if (end < 0) return -1
      literals = at
      // The next match often begins near the end of this one.
      if (at <= lastMatch)
        positions[Math.imul(view.getInt32(at - 2, true), 0x9e3779b1) >>> (32 - TABLE_BITS)] = at - 1
    }
    return writeSequence(source, literals, source.length, 0, 0, output, end, bytesMax)
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
  let at = 0
  let end = 0
  while (at < blockBytes) {
    const token = block[at++]!
    let literalBytes = token >>> 4
    if (literalBytes === LENGTH_IN_TOKEN_MAX) {
      let byte = 255
      while (byte === 255) {
        if (at >= blockBytes) return undefined
        byte = block[at++]!
        literalBytes += byte
      }
    }
    if (literalBytes > blockBytes - at || literalBytes > rawBytes - end) return undefined
    copyBytesInto(target, end, block, at, at + literalBytes)
    at += literalBytes
    end += literalBytes
    // Only the last sequence has no match.
    if (at === blockBytes) return end === rawBytes ? target : undefined
    if (blockBytes - at < 2) return undefined
    const offset = block[at]! | (block[at + 1]! << 8)
    at += 2
    if (offset === 0 || offset > end) return undefined
    let matchBytes = (token & LENGTH_IN_TOKEN_MAX) + MATCH_BYTES_MIN
    if (matchBytes === LENGTH_IN_TOKEN_MAX + MATCH_BYTES_MIN) {
      let byte = 255
      while (byte === 255) {
        if (at >= blockBytes) return undefined
        byte = block[at++]!
        matchBytes += byte
      }
    }
    if (matchBytes > rawBytes - end) return undefined
    copyMatch(target, end, offset, matchBytes)
    end += matchBytes
  }
  return undefined
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
