import { decodeUtf8, encodeUtf8, encodeUtf8Into } from '@ldb/base'
import type { KeyEncoding, ValueEncoding } from '@ldb/core'
import { decodeReplacing } from './buffer-node.js'

/**
 * Decodes UTF-8. What is not UTF-8 becomes U+FFFD, as in every database of the Level ecosystem: a read of all entries as text goes on
 * behind an entry that was written as bytes.
 */
export function decodeLossy(bytes: Uint8Array): string {
  try {
    return decodeUtf8(bytes)
  } catch {
    return decodeReplacing(bytes)
  }
}

/** Keys of text, decoded with replacements. */
export const lossyKeys: KeyEncoding<string> = {
  name: 'level-utf8',
  encode: encodeUtf8,
  encodeInto: (key: string, target: Uint8Array): number => encodeUtf8Into(key, target, 0),
  decode: decodeLossy,
  decodesBorrowed: true,
}

/** Values of text, decoded with replacements. */
export const lossyValues: ValueEncoding<string> = {
  name: 'level-utf8',
  encode: encodeUtf8,
  decode: decodeLossy,
  decodesBorrowed: true,
}
