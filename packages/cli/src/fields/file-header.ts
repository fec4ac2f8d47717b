import { Buffer } from 'node:buffer'
import type { ByteSource } from './byte-source.js'
import { hashOf, SEED_ZERO, verdict } from './checksum.js'
import type { DumpLines } from './dump-line.js'
import { bigintOf, dumpTable, numberOf } from './format-table.js'
import { INTEGRITY_TABLES } from '../tables/integrity.js'

/** The part of a file header that says what a file is. */
export interface KnownHeader {
  /** Letter of the kind; `undefined` without the magic of LDB. */
  readonly kind: string | undefined
  readonly format: number
  readonly isEncrypted: boolean
  readonly isIntact: boolean
}

export const HEADER_BYTES = 24
/** How the encrypted part is shown, too. */
export const HOW_TO_DECRYPT = 'The key is given by --key-file, LDB_KEY or LDB_PASSPHRASE.'
const CHECKED_BYTES = 16
const ID_BYTES = 16
const KIND_OFFSET = 3

/** Reads the header at the beginning of a file. Flag bit 0 says in every kind of file that it is encrypted. */
export function readHeader(source: ByteSource, at = 0): KnownHeader {
  const bytes = source.read(at, HEADER_BYTES)
  if (bytes.length < HEADER_BYTES) return { kind: undefined, format: 0, isEncrypted: false, isIntact: false }
  const magic = Buffer.from(bytes.subarray(0, 8)).toString('hex')
  return {
    kind: /^8c4c44[45][0-9a-f]0d0a1a0a$/.test(magic)
      ? String.fromCharCode(bytes[KIND_OFFSET] ?? 0)
      : undefined,
    format: numberOf(bytes.subarray(8, 10)),
    isEncrypted: ((bytes[12] ?? 0) & 1) === 1,
    isIntact: bigintOf(bytes.subarray(16, 24)) === hashOf(bytes.subarray(0, CHECKED_BYTES), SEED_ZERO),
  }
}

/** Yields the fields of a file header. */
export function* dumpHeader(source: ByteSource, at = 0): DumpLines {
  const { kind, isEncrypted } = readHeader(source, at)
  const checked = source.read(at, HEADER_BYTES)
  yield { title: 'file header' }
  yield* dumpTable(source, INTEGRITY_TABLES['File header'], at, {
    magic: kind === undefined ? 'DAMAGED: no file of LDB begins so' : `kind ${kind}`,
    flags: isEncrypted ? 'encrypted' : '',
    checksum: verdict(
      bigintOf(checked.subarray(16, 24)),
      hashOf(checked.subarray(0, CHECKED_BYTES), SEED_ZERO),
    ),
  })
  if (!isEncrypted) return
  const isDecrypted = source.keys?.() !== undefined
  yield {
    note: isDecrypted
      ? 'The file is encrypted: its units are shown decrypted.'
      : `The file is encrypted: its plain fields are shown. ${HOW_TO_DECRYPT}`,
  }
}

/** Returns the 16 bytes of an id. */
export function idAt(source: ByteSource, at: number): Uint8Array {
  const id = new Uint8Array(ID_BYTES)
  id.set(source.read(at, id.length))
  return id
}

/** Leaves out the field that repeats the file header. */
export function* withoutHeader(lines: DumpLines): DumpLines {
  for (const line of lines) if (!('field' in line) || line.bytes.length !== HEADER_BYTES) yield line
}
