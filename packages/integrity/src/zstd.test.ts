// Strategy: where the platform has Zstandard, bytes are restored, and frames that are cut, damaged or of another length are refused. Where it
// has none, there is no codec.
import { isLdbError } from '@ldb/base'
import { expect, test } from 'vitest'
import { CodecTable } from './codec-table.js'
import { CodecId, ZSTD_CODEC } from './codec.js'

const isPresent = ZSTD_CODEC !== undefined

function codeOf(call: () => unknown): string {
  try {
    call()
  } catch (error) {
    return isLdbError(error) ? error.code : String(error)
  }
  return 'no error'
}

test.runIf(isPresent)('bytes of any length are restored, and no other length is', () => {
  for (const length of [100, 1000, 5000, 70_000, 3_000_000]) {
    const raw = new Uint8Array(length).map((_, index) => (index >> 4) * 7)
    const frame = ZSTD_CODEC!.compress(raw)!
    expect(frame.length).toBeLessThan(length)
    expect(Buffer.compare(ZSTD_CODEC!.decompress(frame, length), raw)).toBe(0)
    for (const wrong of [0, length - 1, length + 1])
      expect(codeOf(() => ZSTD_CODEC!.decompress(frame, wrong))).toBe('LDB_CORRUPTION')
  }
  for (let end = 0; end < 30; end++) {
    const frame = ZSTD_CODEC!.compress(new Uint8Array(1000))!
    if (end < frame.length)
      expect(codeOf(() => ZSTD_CODEC!.decompress(frame.subarray(0, end), 1000))).toBe('LDB_CORRUPTION')
  }
})

test.skipIf(isPresent)('without it, units are LDB_UNSUPPORTED', () => {
  expect(codeOf(() => new CodecTable().decompress(CodecId.Zstd, new Uint8Array(9), 9, 'file', 0))).toBe(
    'LDB_UNSUPPORTED',
  )
})
