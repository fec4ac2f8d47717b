// Strategy: changes the payload or the trailer of a unit, and gives it a checksum that matches.
// Invariants: reading it is LDB_CORRUPTION, or LDB_UNSUPPORTED for an unknown codec, with file and offset, and verify finds it.
import { isLdbError, writeU32 } from '@ldb/base'
import { CodecId } from '@ldb/integrity'
import { describe, expect, test } from 'vitest'
import { LsmTree } from '../src/index.js'
import { checksumOf, dataUnits, isIntact, TRAILER_BYTES } from './data-units.js'
import type { Unit } from './data-units.js'
import { contentOf, fileBytes, LsmHarness, SMALL, verified, writeFile } from './lsm-harness.js'

describe('a unit that is forged, with a checksum that matches', () => {
  /** Changes a data unit of a store of one table, and returns the code of the error of reading everything. */
  function codeAfter(
    compression: 'lz4' | 'deflate',
    forge: (bytes: Uint8Array, unit: Unit) => void,
  ): { code: string; details: object; findings: number } {
    const harness = new LsmHarness({ ...SMALL, tableBytes: 1 << 20, blockBytes: 1024, compression })
    for (let index = 0; index < 60; index++) harness.put(`key${index}`, `value ${index % 4} `.repeat(10))
    harness.store.compact()
    harness.store.close()
    const [name = ''] = harness.tableNames()
    const path = `store/${name}`
    const bytes = fileBytes(harness.vfs, path)
    const unit = dataUnits(bytes)[1]!
    expect(unit.codec).toBe(compression === 'lz4' ? CodecId.Lz4 : CodecId.Deflate)
    forge(bytes, unit)
    bytes.set(checksumOf(bytes, unit.start, unit.trailer), unit.trailer + 16)
    writeFile(harness.vfs, path, bytes)
    const store = LsmTree.open(harness.vfs, 'store', harness.options)
    const { findings } = verified(store)
    const snapshot = store.snapshot()
    try {
      contentOf(snapshot)
    } catch (error) {
      if (!isLdbError(error)) throw error
      return { code: error.code, details: { ...error.details }, findings: findings.length }
    } finally {
      store.close()
    }
    return { code: 'no error', details: {}, findings: findings.length }
  }

  const CASES: readonly (readonly [string, (bytes: Uint8Array, unit: Unit) => void, string])[] = [
    [
      'a longer raw length',
      (bytes, { trailer, rawBytes }) => writeU32(bytes, trailer + 4, rawBytes + 1),
      'LDB_CORRUPTION',
    ],
    [
      'a shorter raw length',
      (bytes, { trailer, rawBytes }) => writeU32(bytes, trailer + 4, rawBytes - 1),
      'LDB_CORRUPTION',
    ],
    [
      'a raw length of 4 GiB',
      (bytes, { trailer }) => writeU32(bytes, trailer + 4, 0xffffffff),
      'LDB_CORRUPTION',
    ],
    ['a raw length of 0', (bytes, { trailer }) => writeU32(bytes, trailer + 4, 0), 'LDB_CORRUPTION'],
    ['codec 0', (bytes, { trailer }) => (bytes[trailer] = 0), 'LDB_CORRUPTION'],
    ['a reserved codec', (bytes, { trailer }) => (bytes[trailer] = 3), 'LDB_UNSUPPORTED'],
    ['an unknown application codec', (bytes, { trailer }) => (bytes[trailer] = 222), 'LDB_UNSUPPORTED'],
    ['a payload of zeros', (bytes, { start, trailer }) => bytes.fill(0, start, trailer), 'LDB_CORRUPTION'],
    ['a payload of ones', (bytes, { start, trailer }) => bytes.fill(255, start, trailer), 'LDB_CORRUPTION'],
  ]

  test.each(CASES)('%s', (_, forge, code) => {
    for (const compression of ['lz4', 'deflate'] as const) {
      const result = codeAfter(compression, forge)
      expect(result).toMatchObject({ code, findings: 1 })
      expect(result.details).toMatchObject({
        file: expect.stringMatching(/\.sst$/),
        offset: expect.any(Number),
      })
    }
  })

  test('a compressed index block', () => {
    const harness = new LsmHarness({ ...SMALL, tableBytes: 1 << 20 })
    for (let index = 0; index < 60; index++) harness.put(`key${index}`, `value ${index % 4} `.repeat(10))
    harness.store.compact()
    const [name = ''] = harness.tableNames()
    const bytes = fileBytes(harness.vfs, `store/${name}`)
    const last = dataUnits(bytes).at(-1)!
    // The index block is the next unit: replaced by its compressed form, it would have another length.
    const start = last.trailer + TRAILER_BYTES
    let trailer = start
    while (!isIntact(bytes, start, trailer)) trailer++
    bytes[trailer] = CodecId.Lz4
    bytes.set(checksumOf(bytes, start, trailer), trailer + 16)
    writeFile(harness.vfs, `store/${name}`, bytes)
    harness.reopen()
    expect(() => harness.content()).toThrow(/trailer of a unit is malformed/)
  })

  test('any change of any byte of the payload', () => {
    let refused = 0
    for (let offset = 0; offset < 40; offset++) {
      const { code, findings } = codeAfter(
        'lz4',
        (bytes, { start }) => (bytes[start + offset]! ^= 1 << (offset % 8)),
      )
      // A changed literal can be another value of the right length.
      expect(code).toMatch(/^(LDB_CORRUPTION|no error)$/)
      if (code === 'no error') continue
      expect(findings).toBeGreaterThan(0)
      refused++
    }
    expect(refused).toBeGreaterThan(20)
  })
})
