import { readU32, writeU32 } from '@ldb/base'
import { LZ4_DICTIONARY_BYTES_MAX } from '@ldb/integrity'
import {
  DICTIONARIES_BYTES_OFFSET,
  DICTIONARIES_COUNT_MAX,
  DICTIONARIES_COUNT_OFFSET,
  DICTIONARIES_LENGTHS_OFFSET,
  DICTIONARIES_MAGIC,
  DICTIONARIES_MAGIC_OFFSET,
  DICTIONARIES_RESERVED_OFFSET,
} from '../format.js'

/** Longest content of the extent of the dictionaries. @internal */
export const DICTIONARY_SET_BYTES_MAX: number =
  DICTIONARIES_BYTES_OFFSET + DICTIONARIES_COUNT_MAX * LZ4_DICTIONARY_BYTES_MAX

/** Encodes the content of the extent of dictionaries, at most {@link DICTIONARIES_COUNT_MAX}. @internal */
export function encodeDictionaries(dictionaries: readonly Uint8Array[]): Uint8Array {
  let end = DICTIONARIES_BYTES_OFFSET
  for (const { length } of dictionaries) end += length
  const content = new Uint8Array(end)
  for (let index = 0; index < DICTIONARIES_MAGIC.length; index += 1) {
    content[DICTIONARIES_MAGIC_OFFSET + index] = DICTIONARIES_MAGIC.charCodeAt(index)
  }
  content[DICTIONARIES_COUNT_OFFSET] = dictionaries.length
  let at = DICTIONARIES_BYTES_OFFSET
  for (const [index, bytes] of dictionaries.entries()) {
    writeU32(content, DICTIONARIES_LENGTHS_OFFSET + 4 * index, bytes.length)
    content.set(bytes, at)
    at += bytes.length
  }
  return content
}

/** Decodes the content of the extent of the dictionaries; `undefined` when it is none. @internal */
export function decodeDictionaries(content: Uint8Array): Uint8Array[] | undefined {
  if (content.length < DICTIONARIES_BYTES_OFFSET) return undefined
  for (let index = 0; index < DICTIONARIES_MAGIC.length; index += 1) {
    if (content[DICTIONARIES_MAGIC_OFFSET + index] !== DICTIONARIES_MAGIC.charCodeAt(index)) return undefined
  }
  // The high byte of the count and the reserved bytes.
  for (let at = DICTIONARIES_COUNT_OFFSET + 1; at < DICTIONARIES_RESERVED_OFFSET + 2; at += 1) {
    if (content[at] !== 0) return undefined
  }
  const count = content[DICTIONARIES_COUNT_OFFSET] as number
  if (count === 0 || count > DICTIONARIES_COUNT_MAX) return undefined
  const dictionaries: Uint8Array[] = []
  let at = DICTIONARIES_BYTES_OFFSET
  for (let index = 0; index < DICTIONARIES_COUNT_MAX; index += 1) {
    const byteCount = readU32(content, DICTIONARIES_LENGTHS_OFFSET + 4 * index)
    const isValid = index < count ? byteCount <= LZ4_DICTIONARY_BYTES_MAX : byteCount === 0
    if (!isValid || byteCount > content.length - at) return undefined
    if (index < count) dictionaries.push(content.slice(at, at + byteCount))
    at += byteCount
  }
  return at === content.length ? dictionaries : undefined
}
