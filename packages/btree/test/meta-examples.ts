import { plainCodec } from '../src/file/file-codec.js'
import { blockOf, encodeMeta, NO_DICTIONARIES, sealMeta } from '../src/file/meta.js'
import type { Meta } from '../src/file/meta.js'

/** A valid meta block of a file with pages of 512 bytes, for block A. */
export const EXAMPLE_META: Meta = {
  fileId: Uint8Array.from({ length: 16 }, (_, index) => index * 16 + 1),
  pageBytes: 512,
  checkpoint: 6,
  epoch: 17,
  durableSeq: 2 ** 40,
  rootPage: 30,
  rootLevel: 2,
  rootChecksumLow: -5,
  rootChecksumHigh: 0x12345678,
  entryCount: 1000,
  extentCount: 3,
  hasEncodedValues: false,
  pageCount: 100,
  freeSpacePage: 31,
  freeSpaceChecksumLow: 7,
  freeSpaceChecksumHigh: -8,
  freeSpaceMirrorPage: 40,
  freeSpaceMirrorChecksumLow: -9,
  freeSpaceMirrorChecksumHigh: 10,
  freeCount: 20,
  logSegmentId: Uint8Array.from({ length: 16 }, (_, index) => 255 - index),
  dictionaries: NO_DICTIONARIES,
}

/** Returns the stored form of a meta block of a file that is not encrypted. */
export function storedMeta(meta: Meta, block: number = blockOf(meta.checkpoint)): Uint8Array {
  return sealMeta(encodeMeta(meta), plainCodec(meta.fileId), block)
}
