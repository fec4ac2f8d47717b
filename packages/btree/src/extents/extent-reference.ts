import {
  EXTENT_REFERENCE_BYTES,
  EXTENT_REFERENCE_CHECKSUM_OFFSET,
  EXTENT_REFERENCE_CONTENT_BYTES_OFFSET,
  EXTENT_REFERENCE_EPOCH_OFFSET,
  EXTENT_REFERENCE_PAGE_OFFSET,
} from '../format.js'

/** A decoded extent reference. @internal */
export interface ExtentReference {
  readonly page: number
  readonly contentBytes: number
  readonly epoch: number
  readonly checksumLow: number
  readonly checksumHigh: number
}

/** Decodes the extent reference at `bytes[offset]`, which may have any alignment. @internal */
export function decodeReference(bytes: Uint8Array, offset: number): ExtentReference {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, EXTENT_REFERENCE_BYTES)
  return {
    page: view.getUint32(EXTENT_REFERENCE_PAGE_OFFSET, true),
    contentBytes: view.getUint32(EXTENT_REFERENCE_CONTENT_BYTES_OFFSET, true),
    epoch:
      view.getUint32(EXTENT_REFERENCE_EPOCH_OFFSET + 4, true) * 2 ** 32 +
      view.getUint32(EXTENT_REFERENCE_EPOCH_OFFSET, true),
    checksumLow: view.getInt32(EXTENT_REFERENCE_CHECKSUM_OFFSET, true),
    checksumHigh: view.getInt32(EXTENT_REFERENCE_CHECKSUM_OFFSET + 4, true),
  }
}

/** Encodes an extent reference at the beginning of `view`. @internal */
export function encodeReference(view: DataView, reference: ExtentReference): void {
  view.setUint32(EXTENT_REFERENCE_PAGE_OFFSET, reference.page, true)
  view.setUint32(EXTENT_REFERENCE_CONTENT_BYTES_OFFSET, reference.contentBytes, true)
  encodeEpoch(view, EXTENT_REFERENCE_EPOCH_OFFSET, reference.epoch)
  view.setInt32(EXTENT_REFERENCE_CHECKSUM_OFFSET, reference.checksumLow, true)
  view.setInt32(EXTENT_REFERENCE_CHECKSUM_OFFSET + 4, reference.checksumHigh, true)
}

/** Encodes an epoch as a u64. @internal */
export function encodeEpoch(view: DataView, offset: number, epoch: number): void {
  view.setUint32(offset, epoch % 2 ** 32, true)
  view.setUint32(offset + 4, Math.floor(epoch / 2 ** 32), true)
}
