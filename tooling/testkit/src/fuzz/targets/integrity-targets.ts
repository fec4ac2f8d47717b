import {
  createSeed64,
  decodeFileHeader,
  DEFLATE_CODEC,
  encodeFileHeader,
  NONE_CODEC,
  openEnvelope,
  sealEnvelope,
} from '@ldb/integrity'
import type { EnvelopeContext } from '@ldb/integrity'
import { promised } from '../../base/violation.js'
import { putChecksum, repairFileHeader } from '../repair/checksum.js'
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
    promised(isKnown, () => `a header was accepted: ${format}, ${minimumReader}, ${flags}`)
  },
  repair(input) {
    if (input.length >= 24) repairFileHeader(input, 0)
  },
}

const PLACE: EnvelopeContext = { file: 'fuzz', position: 4096, type: 3, seed: createSeed64(1, 2) }
const RAW_BYTES_MAX = 65_536

/** Envelopes, compressed ones included. */
export const envelopeTarget: FuzzTarget = {
  name: 'envelope',
  samples: () => [
    sealEnvelope(new Uint8Array(0), PLACE, 7, NONE_CODEC),
    sealEnvelope(
      new Uint8Array(300).map((_, index) => index),
      PLACE,
      7,
      NONE_CODEC,
    ),
    sealEnvelope(
      new Uint8Array(3000).map((_, index) => index % 7),
      PLACE,
      7,
      DEFLATE_CODEC,
    ),
  ],
  bytesMax: 800,
  codes: ['LDB_CORRUPTION', 'LDB_UNSUPPORTED'],
  inputsPerCase: 12_000,
  run(input) {
    const { body, envelopeBytes } = openEnvelope(input, PLACE, { rawBytesMax: RAW_BYTES_MAX })
    promised(
      body.length <= RAW_BYTES_MAX && envelopeBytes <= input.length,
      () => `a body of ${body.length} bytes was accepted`,
    )
  },
  repair(input) {
    if (input.length < 36) return
    const stored = new DataView(input.buffer, input.byteOffset).getUint32(28, true)
    if (stored <= input.length - 36) putChecksum(input, 0, 8, 36 + stored, PLACE.seed)
  },
}
