// Strategy: the content of the extent of dictionaries and encoded values are damaged, truncated and forged.
// Invariants: what is not valid is refused before anything is allocated for it; damage names the page of the value.
import { isLdbError } from '@ldb/base'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ValueSlab } from '../extents/value-slab.js'
import { NO_DICTIONARIES } from '../file/meta.js'
import { ENCODED_VALUE_DECODED_BYTES_MAX } from '../format.js'
import { PageMemory } from '../page/memory.js'
import { setPageNumber } from '../page/page.js'
import { Dictionaries } from './dictionaries.js'
import { decodeDictionaries, encodeDictionaries } from './dictionary-set.js'

const lists = fc.array(fc.uint8Array({ maxLength: 200 }), { minLength: 1, maxLength: 8 })

describe('the content of the extent', () => {
  test('is decoded as it was encoded', () => {
    fc.assert(
      fc.property(lists, (dictionaries) => {
        expect(decodeDictionaries(encodeDictionaries(dictionaries))).toEqual(dictionaries)
      }),
    )
  })

  test('is refused when it is truncated or continued', () => {
    const content = encodeDictionaries([Uint8Array.of(1, 2, 3), new Uint8Array(0), Uint8Array.of(4)])
    for (let end = 0; end < content.length; end += 1)
      expect(decodeDictionaries(content.subarray(0, end))).toBeUndefined()
    expect(decodeDictionaries(Uint8Array.of(...content, 0))).toBeUndefined()
  })

  test('is refused, or has as many bytes, when it is damaged', () => {
    fc.assert(
      fc.property(lists, fc.nat(), fc.integer({ min: 1, max: 255 }), (dictionaries, at, change) => {
        const content = encodeDictionaries(dictionaries)
        content[at % 44]! ^= change
        // Lengths may be moved from one dictionary to the next: only a checksum detects that.
        const found = decodeDictionaries(content)
        const byteCount = (found ?? []).reduce((sum, { length }) => sum + length, 44)
        expect(found === undefined || byteCount === content.length).toBe(true)
      }),
      { numRuns: 300 },
    )
  })
})

describe('an encoded value', () => {
  const PAGE_BYTES = 1024
  const phrase = new TextEncoder().encode(
    'the quick brown fox jumps over the lazy dog, and again over the fence',
  )
  const unused = (): never => expect.unreachable()
  const dictionaries = new Dictionaries(NO_DICTIONARIES, {
    filePath: '/tree.ldb',
    extentFile: { pageBytes: PAGE_BYTES, readWhole: unused },
    extents: { writeUncounted: () => new Uint8Array(24).fill(1), retireUncounted: unused },
  })
  dictionaries.add(phrase)
  const memory = new PageMemory(new Uint8Array(2 * PAGE_BYTES), PAGE_BYTES, { readExtent: unused })
  setPageNumber(memory, PAGE_BYTES, 77)
  const AT = PAGE_BYTES + 100

  /** Places a forged value, and returns its decoded form. */
  function decode(id: number, decodedBytes: number, ...block: number[]): Uint8Array {
    memory.bytes.set([id, decodedBytes & 0xff, decodedBytes >>> 8, ...block], AT)
    return dictionaries.copyValue(memory, AT, 3 + block.length, new ValueSlab())
  }
  function faultOf(part: () => unknown): unknown {
    try {
      return part()
    } catch (error) {
      return isLdbError(error, 'LDB_CORRUPTION') ? [error.message, error.details] : error
    }
  }

  test('repeats the dictionary from its first byte on', () => {
    const { length } = phrase
    // One literal, then 15 bytes from the first of the dictionary; five literals.
    const block = [0x1b, 0x21, length + 1, 0, 0x50, 1, 2, 3, 4, 5]
    expect(decode(1, 21, ...block)).toEqual(Uint8Array.of(0x21, ...phrase.subarray(0, 15), 1, 2, 3, 4, 5))
  })

  test.each<[string, string, number, number, number[]]>([
    [
      'an offset before the dictionary',
      'does not decompress',
      1,
      21,
      [0x1b, 0x21, phrase.length + 2, 0, 0x50, 1, 2, 3, 4, 5],
    ],
    ['another length', 'does not decompress', 1, 20, [0x1b, 0x21, phrase.length + 1, 0, 0x50, 1, 2, 3, 4, 5]],
    ['the dictionary 0', 'dictionary', 0, 5, [0x50, 1, 2, 3, 4, 5]],
    ['a dictionary that is not there', 'dictionary', 2, 5, [0x50, 1, 2, 3, 4, 5]],
    [
      'a decoded length above the bound',
      'does not decompress',
      1,
      ENCODED_VALUE_DECODED_BYTES_MAX + 1,
      // A literal, 16,379 times repeated, and five literals: without the bound, it is valid.
      [0x1f, 7, 1, 0, ...Array.from({ length: 64 }, () => 255), 40, 0x50, 1, 2, 3, 4, 5],
    ],
    ['a decoded length of 64 KiB', 'does not decompress', 1, 65_535, [0x50, 1, 2, 3, 4, 5]],
    ['a block that ends early', 'does not decompress', 1, 5, [0x50, 1, 2]],
  ])('with %s is damage', (_, message, id, decodedBytes, block) => {
    expect(faultOf(() => decode(id, decodedBytes, ...block))).toEqual([
      expect.stringContaining(message),
      expect.objectContaining({ file: '/tree.ldb', offset: 77 * PAGE_BYTES + 100 }),
    ])
  })

  test('of any bytes is decoded to the stated length, or is damage', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 3 }),
        fc.nat(65_535),
        fc.uint8Array({ maxLength: 80 }),
        (id, decodedBytes, block) => {
          const result = faultOf(() => decode(id, decodedBytes, ...block))
          if (result instanceof Uint8Array) expect(result.length).toBe(decodedBytes)
          else expect(result).toHaveLength(2)
        },
      ),
      { numRuns: 1000 },
    )
  })
})
