import { CodecTable, decodeFileHeader, DEFLATE_CODEC, encodeFileHeader, LZ4_CODEC } from '@ldb/integrity'
import type { CompressionCodec } from '@ldb/integrity'
import { assertGuarantee } from '../../base/violation.js'
import { repairFileHeader } from '../repair/checksum.js'
import type { FuzzTarget } from './fuzz-target.js'

/** File headers. */
export const fileHeaderTarget: FuzzTarget = {
  name: 'file-header',
  samples: () => [encodeFileHeader({ kind: 'W', format: 2, minimumReader: 1, flags: 0 })],
  bytesMax: 40,
  codes: ['LDB_CORRUPTION', 'LDB_FORMAT'],
  inputsPerCase: 20_000,
  run(input) {
    const { kind, format, minimumReader, flags } = decodeFileHeader(input, {
      file: 'fuzz',
      kind: 'W',
      format: 3,
      flags: 1,
    })
    const isKnown =
      kind === 'W' && minimumReader >= 1 && minimumReader <= 3 && minimumReader <= format && flags <= 1
    assertGuarantee(isKnown, () => `a header was accepted: ${format}, ${minimumReader}, ${flags}`)
  },
  repair(input) {
    if (input.length >= 24) repairFileHeader(input, 0)
  },
}

const CODECS = new CodecTable()
/** Bytes in front of the compressed ones: id of the codec, and the stated length as a u16. */
const CODEC_HEADER_BYTES = 3

function compressedSample(codec: CompressionCodec, period: number): Uint8Array {
  const raw = Uint8Array.from({ length: 900 }, (_, index) => (index % period) * 7 + (index >> 7))
  const compressed = codec.compress(raw) ?? raw
  return Uint8Array.of(codec.id, raw.length & 0xff, raw.length >> 8, ...compressed)
}

/** Compressed units: LZ4 and deflate. */
export const codecTarget: FuzzTarget = {
  name: 'codec',
  samples: () =>
    [LZ4_CODEC, DEFLATE_CODEC].flatMap((codec) =>
      [1, 13, 60].map((period) => compressedSample(codec, period)),
    ),
  bytesMax: 600,
  codes: ['LDB_CORRUPTION', 'LDB_UNSUPPORTED'],
  inputsPerCase: 10_000,
  run(input) {
    if (input.length < CODEC_HEADER_BYTES) return
    const [id = 0, low = 0, high = 0] = input
    const rawBytes = low + 256 * high
    const raw = CODECS.decompress(id, input.subarray(CODEC_HEADER_BYTES), rawBytes, 'fuzz', 0)
    assertGuarantee(
      raw.length === rawBytes,
      () => `codec ${id} returned ${raw.length} bytes, not ${rawBytes}`,
    )
  },
}
