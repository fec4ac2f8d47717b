// The header that tables and manifests share: FORMAT.md of packages/lsm.
import type { ByteView } from '../bytes/byte-view.js'
import { readFileHeader, seedOfFile } from '../bytes/file-header.js'
import { requireKnown, requireSound } from '../bytes/format-error.js'
import { xxHash64 } from '../bytes/xx-hash64.js'
import { requireSort } from '../encryption/data-keys.js'
import type { DataKeys, FileCipher } from '../encryption/data-keys.js'

/** Ids in a header, and the seed of the checksums of the file. */
export interface Header {
  readonly fileId: string
  readonly storeId: string
  readonly seed: bigint
  /** `undefined` when the file is not encrypted. */
  readonly cipher: FileCipher | undefined
}

export function readHeader(view: ByteView, kind: 'T' | 'M', keys: DataKeys | undefined): Header {
  const { flags } = readFileHeader(view, kind, 2)
  requireKnown(flags <= 1, 'flags of a file')
  requireSound(view.checksum(56) === xxHash64(view.slice(0, 56), 0n), 'checksum of a header')
  requireSort(flags === 1, keys, 'a file of an LSM tree')
  const fileId = view.slice(24, 40)
  const cipher = keys?.cipherOf(kind === 'T' ? 'table' : 'manifest', fileId)
  return { fileId: view.hex(24, 40), storeId: view.hex(40, 56), seed: seedOfFile(fileId), cipher }
}
