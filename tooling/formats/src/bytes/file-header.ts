// The file header: FORMAT.md of packages/integrity.
import type { ByteView } from './byte-view.js'
import { requireKnown, requireSound } from './format-error.js'
import { xxHash64 } from './xx-hash64.js'

export const FILE_HEADER_BYTES = 24

/** The first 24 bytes of a file. */
export interface FileHeader {
  readonly format: number
  readonly minimumReader: number
  readonly flags: number
}

/** Reports whether bytes begin with the magic of a kind of file. */
export function hasMagic(view: ByteView, kind: string): boolean {
  const magic = [0x8c, 0x4c, 0x44, kind.charCodeAt(0), 0x0d, 0x0a, 0x1a, 0x0a]
  return magic.every((byte, index) => view.bytes[index] === byte)
}

/**
 * Reads a file header and checks everything but its flags, whose meaning depends on the kind of file.
 *
 * @param oldest - oldest version that is read.
 */
export function readFileHeader(
  view: ByteView,
  kind: string,
  version: number,
  oldest: number = version,
): FileHeader {
  requireKnown(hasMagic(view, kind), `no file of kind ${kind}`)
  requireSound(view.length >= FILE_HEADER_BYTES, 'the file ends within its header')
  requireSound(view.checksum(16) === xxHash64(view.slice(0, 16), 0n), 'checksum of the file header')
  const format = view.u16(8)
  const minimumReader = view.u16(10)
  requireKnown(format >= oldest, `format ${format}, older than ${oldest}`)
  requireKnown(minimumReader <= version, `format ${format} needs a reader of format ${minimumReader}`)
  return { format, minimumReader, flags: view.u32(12) }
}

/** Returns the checksum seed of a file with a file id of 16 bytes. */
export function seedOfFile(fileId: Uint8Array): bigint {
  return xxHash64(fileId, 0n)
}
