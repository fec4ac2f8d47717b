import type { DataKeys, FileCipher, FilePurpose } from '@ldb/integrity'
import { overlaid } from './byte-source.js'
import type { ByteSource } from './byte-source.js'
import type { DumpLines } from './dump-line.js'
import { HOW_TO_DECRYPT } from './file-header.js'
import { dumpTable } from './format-table.js'
import { INTEGRITY_TABLES } from '../tables/integrity.js'

/** Bytes of the trailer of an encrypted unit. */
export const TRAILER_BYTES = 44

/** Said where the checksum of a plain file has its place. */
export const VERSION_REMARK = 'a random version: the tag authenticates the unit'

/** What an encrypted unit is bound to, as "Kinds of units" of FORMAT.md of @ldb/integrity lists it. */
export interface UnitBinding {
  readonly purpose: FilePurpose
  readonly fileId: Uint8Array
  readonly kind: number
  readonly position: number
  readonly epoch: number
}

/** An encrypted unit: its ciphertext and its trailer. */
export interface EncryptedUnit extends UnitBinding {
  readonly at: number
  readonly byteCount: number
}

const ciphers = new WeakMap<DataKeys, Map<string, FileCipher>>()

/** Returns the source with the content of a unit in plain text; `undefined` without a key, or when it does not authenticate. */
export function decrypted(source: ByteSource, unit: EncryptedUnit): ByteSource | undefined {
  const { at, byteCount, kind, position, epoch } = unit
  const keys = source.keys?.()
  if (keys === undefined || byteCount < TRAILER_BYTES) return undefined
  const bytes = Uint8Array.from(source.read(at, byteCount))
  const isWhole = bytes.length === byteCount && Number.isSafeInteger(epoch) && Number.isSafeInteger(position)
  // The type of a log record is a part of its kind.
  if (!isWhole || !cipherOf(keys, unit).decrypt(kind as never, position, epoch, bytes, 0, byteCount))
    return undefined
  return overlaid(source, at, bytes.subarray(0, byteCount - TRAILER_BYTES))
}

/**
 * Yields an encrypted unit: its content in plain text where the source has keys, otherwise its ciphertext; then its trailer.
 *
 * @param dumpPlain - yields the content: the unit is in plain text at the same offsets of the source that it gets.
 */
export function* dumpUnit(
  source: ByteSource,
  unit: EncryptedUnit,
  dumpPlain: (plain: ByteSource) => DumpLines,
): DumpLines {
  const { at, byteCount } = unit
  const contentBytes = byteCount - TRAILER_BYTES
  if (contentBytes < 0) {
    yield { note: `DAMAGED: ${byteCount} bytes are fewer than the trailer of an encrypted unit` }
    return
  }
  const plain = decrypted(source, unit)
  if (plain !== undefined) {
    yield { note: `Decrypted: the ${contentBytes} bytes from ${at} on are shown in plain text.` }
    yield* dumpPlain(plain)
  } else {
    const isDamaged = source.keys?.() !== undefined
    yield { note: isDamaged ? 'DAMAGED: the unit does not authenticate.' : NO_KEY }
    const bytes = source.read(at, contentBytes)
    yield { offset: at, bytes, field: 'ciphertext', value: `${contentBytes} bytes` }
  }
  yield { title: 'trailer of the encrypted unit' }
  yield* dumpTable(source, INTEGRITY_TABLES['Unit trailer'], at + contentBytes)
}

const NO_KEY = `Encrypted: the ciphertext is shown. ${HOW_TO_DECRYPT}`

function cipherOf(keys: DataKeys, { purpose, fileId }: UnitBinding): FileCipher {
  let ofKeys = ciphers.get(keys)
  if (ofKeys === undefined) ciphers.set(keys, (ofKeys = new Map()))
  const name = `${purpose} ${fileId.join(' ')}`
  let cipher = ofKeys.get(name)
  if (cipher === undefined) ofKeys.set(name, (cipher = keys.cipherOf(purpose, fileId)))
  return cipher
}
