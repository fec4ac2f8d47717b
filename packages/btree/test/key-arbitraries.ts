import fc from 'fast-check'

/** Returns `length` bytes of one value. */
function repeated(byte: number, length: number): Uint8Array {
  return new Uint8Array(length).fill(byte)
}

function joined(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}

const URL_PREFIX = Uint8Array.from('https://example.com/users/2026/items/0/', (each) => each.charCodeAt(0))

/**
 * Generates edge-case keys: the empty key, sequences of 0x00 and 0xff, long common prefixes, prefixes of each other, and lengths
 * around the longest key that a page of `pageBytes` stores whole.
 */
export function keys(pageBytes: number): fc.Arbitrary<Uint8Array> {
  const partMax = pageBytes >> 3
  const tail = fc.uint8Array({ minLength: 0, maxLength: 3 })
  const number = fc
    .integer({ min: 0, max: 400 })
    .map((value) => Uint8Array.from(String(value), (each) => each.charCodeAt(0)))
  return fc.oneof(
    { weight: 6, arbitrary: number },
    { weight: 1, arbitrary: fc.constant(new Uint8Array(0)) },
    { weight: 2, arbitrary: fc.uint8Array({ maxLength: 12 }) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.integer({ min: 0, max: 9 }), tail)
        .map(([length, rest]) => joined(repeated(0, length), rest)),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.integer({ min: 0, max: 9 }), tail)
        .map(([length, rest]) => joined(repeated(255, length), rest)),
    },
    { weight: 6, arbitrary: number.map((rest) => joined(URL_PREFIX, rest)) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(
          fc.integer({ min: -2, max: 2 }),
          fc.integer({ min: 97, max: 99 }),
          fc.integer({ min: 0, max: 255 }),
        )
        .map(([more, fill, last]) => joined(repeated(fill, partMax + more - 1), repeated(last, 1))),
    },
    // Long keys that differ only in their overflow extents. Their separators have extents too.
    { weight: 2, arbitrary: number.map((rest) => joined(repeated(120, partMax + 9), rest)) },
  )
}

/** Generates keys of the maximal length. */
export function longestKeys(): fc.Arbitrary<Uint8Array> {
  return fc
    .tuple(fc.constantFrom(97, 120), fc.integer({ min: 0, max: 3 }))
    .map(([fill, last]) => joined(repeated(fill, 65_534), repeated(last, 1)))
}

/** Generates values: empty, small, around the longest that a leaf stores, and several pages long. */
export function values(pageBytes: number): fc.Arbitrary<Uint8Array> {
  const inlineMax = pageBytes >> 2
  const length = fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 0, max: 40 }) },
    { weight: 3, arbitrary: fc.integer({ min: 0, max: inlineMax }) },
    { weight: 2, arbitrary: fc.integer({ min: inlineMax - 1, max: inlineMax + 1 }) },
    { weight: 1, arbitrary: fc.integer({ min: inlineMax + 1, max: Math.min(pageBytes * 5, 70_000) }) },
  )
  return fc.tuple(length, fc.integer({ min: 0, max: 255 })).map(([bytes, fill]) => repeated(fill, bytes))
}
