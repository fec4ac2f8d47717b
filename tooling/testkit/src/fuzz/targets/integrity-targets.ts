import { decodeFileHeader, encodeFileHeader } from '@ldb/integrity'
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
