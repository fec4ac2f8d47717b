// Dictionaries and encoded values: FORMAT.md of packages/btree.
import { ByteView } from '../bytes/byte-view.js'
import { requireSound } from '../bytes/format-error.js'
import { unpackLz4 } from '../bytes/payload.js'
import { readUncounted } from './extent.js'
import type { TreeFile } from './tree-file.js'

const HEADER_BYTES = 44
const COUNT_MAX = 8
const DICTIONARY_BYTES_MAX = 32_768
const DECODED_BYTES_MAX = 16_384

/** Returns the dictionaries of a file, by id from 1 on. */
export function readDictionaries(file: TreeFile, reference: ByteView): Uint8Array[] {
  const content = readUncounted(file, reference)
  requireSound(content.length >= HEADER_BYTES, 'length of the dictionaries')
  const view = new ByteView(content)
  requireSound(new TextDecoder().decode(view.slice(0, 8)) === 'LDB DICT', 'magic of the dictionaries')
  const count = view.u16(8)
  requireSound(count >= 1 && count <= COUNT_MAX && view.isZero(10, 12), 'number of dictionaries')
  let end = HEADER_BYTES
  const dictionaries: Uint8Array[] = []
  for (let index = 0; index < COUNT_MAX; index += 1) {
    const bytes = view.u32(12 + 4 * index)
    requireSound(index < count ? bytes <= DICTIONARY_BYTES_MAX : bytes === 0, 'length of a dictionary')
    if (index < count) dictionaries.push(view.slice(end, end + bytes))
    end += bytes
  }
  requireSound(end === content.length, 'end of the dictionaries')
  return dictionaries
}

/** Returns the value that an encoded value stands for. */
export function decodeValue(file: TreeFile, part: ByteView): Uint8Array {
  requireSound(part.length > 3, 'an encoded value without a block')
  const dictionary = file.dictionaries[part.u8(0) - 1]
  requireSound(dictionary !== undefined, 'a value with an unknown dictionary')
  const decodedBytes = part.u16(1)
  requireSound(decodedBytes <= DECODED_BYTES_MAX, 'an encoded value is too long')
  const value = unpackLz4(part.slice(3, part.length), decodedBytes, dictionary)
  requireSound(value.length === decodedBytes, 'length of an encoded value')
  return value
}
