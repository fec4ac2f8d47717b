import {
  BatchReader,
  compareBytes,
  decodeBatch,
  decodeVarint,
  encodeVarint,
  equalBytes,
  tupleKeys,
  VARINT_BYTES_MAX,
  varintBytes,
  WriteBatch,
} from '@ldb/base'
import type { TupleElement } from '@ldb/base'
import { assertGuarantee } from '../../base/violation.js'
import type { FuzzTarget } from './fuzz-target.js'

/** Variable-length integers: a decoded value encodes to the same bytes. */
export const varintTarget: FuzzTarget = {
  name: 'varint',
  samples: () => [0, 127, 128, 16_384, 2 ** 28, 2 ** 32 - 1].map(varintOf),
  bytesMax: 12,
  codes: [],
  inputsPerCase: 40_000,
  run(input) {
    const value = decodeVarint(input, 0, input.length)
    if (value === -1) return
    assertGuarantee(Number.isInteger(value) && value >= 0 && value < 2 ** 32, () => `read ${value}`)
    const bytes = varintOf(value)
    assertGuarantee(equalBytes(bytes, input.subarray(0, bytes.length)), () => `${value} has two encodings`)
  },
}

function varintOf(value: number): Uint8Array {
  const bytes = new Uint8Array(VARINT_BYTES_MAX)
  const end = encodeVarint(value, bytes, 0)
  assertGuarantee(end === varintBytes(value), () => `${value} has another length than varintBytes returns`)
  return bytes.slice(0, end)
}

/** Batches: no operation extends beyond its section. */
export const batchTarget: FuzzTarget = {
  name: 'batch',
  samples: () => [sampleBatch(1), sampleBatch(3)],
  bytesMax: 600,
  codes: ['LDB_CORRUPTION'],
  inputsPerCase: 30_000,
  run(input) {
    const reader = new BatchReader()
    for (const section of decodeBatch(input, 'fuzz', 0)) {
      reader.reset(section)
      let previous = section.start
      while (reader.next()) {
        const { keyStart, keyEnd, valueStart, valueEnd } = reader
        const inOrder =
          previous <= keyStart && keyStart <= keyEnd && keyEnd <= valueStart && valueStart <= valueEnd
        assertGuarantee(inOrder && valueEnd <= section.end, () => 'an operation extends beyond its section')
        previous = valueEnd
      }
    }
  },
}

function sampleBatch(sections: number): Uint8Array {
  const batch = new WriteBatch()
  const bytes = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0))
  for (let id = 1; id <= sections; id++) {
    batch.put(id, bytes('a'), bytes('value'))
    batch.put(id, bytes('long key '.repeat(20)), bytes(''))
    batch.delete(id, bytes('b'))
    batch.deleteRange(id, bytes('c'), bytes('d'))
    batch.deleteRange(id, bytes('e'), undefined)
  }
  return batch.encode().slice()
}

/** Tuple keys: each tuple has one encoding. */
export const tupleTarget: FuzzTarget = {
  name: 'tuple',
  samples: () => SAMPLE_TUPLES.map((tuple) => tupleKeys.encode(tuple).slice()),
  bytesMax: 200,
  codes: ['LDB_INVALID_ARGUMENT'],
  inputsPerCase: 30_000,
  run(input) {
    const tuple = tupleKeys.decode(input)
    const again = tupleKeys.encode(tuple)
    assertGuarantee(equalBytes(again, input), () => 'a tuple has two encodings')
    const [first] = tuple
    if (first === undefined) return
    const longer = tupleKeys.encode([...tuple, null])
    assertGuarantee(compareBytes(again, longer) < 0, () => 'a tuple does not sort before a longer one')
  },
}

const SAMPLE_TUPLES: readonly (readonly TupleElement[])[] = [
  [],
  ['text', 1, -1.5, true, false, null],
  [10n ** 30n, -(10n ** 20n), 0n],
  [new Date(0), new Uint8Array([0, 1, 2, 255]), ['nested', ['deeper', 0]]],
  ['\u0000\u0001', Number.MAX_VALUE, -Infinity, 0],
]
