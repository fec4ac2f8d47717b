// Strategy: the portable and the Node version run the same tests against TextEncoder and a strict TextDecoder, and against each other
// on invalid input. Text lengths cross the threshold from which the Node version uses native code.
// Invariants: same result, same error, same message; no character is replaced silently.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isLdbError } from '../ldb-error.js'
import * as nodeVersion from './utf8-node.js'
import * as portableVersion from './utf8.js'

const versions = [
  ['portable', portableVersion],
  ['node', nodeVersion],
] as const

const unit = fc.oneof(
  fc.constantFrom(
    'a',
    '\0',
    '\u007f',
    '\u0080',
    '\u07ff',
    '\u0800',
    '\ufeff',
    '\ufffd',
    '\uffff',
    '😀',
    '\u{10ffff}',
  ),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
)
const brokenUnit = fc.oneof(
  { weight: 8, arbitrary: unit },
  { weight: 1, arbitrary: fc.constantFrom('\ud800', '\udbff', '\udc00', '\udfff') },
)
const text = fc.array(unit, { maxLength: 60 }).map((units) => units.join(''))
const brokenText = fc.array(brokenUnit, { maxLength: 60 }).map((units) => units.join(''))
const bytes = fc
  .array(
    fc.oneof(
      fc.constantFrom(0x41, 0x80, 0xbf, 0xc0, 0xc2, 0xe0, 0xed, 0xa0, 0xf0, 0xf4, 0x90, 0xf5, 0xff),
      fc.nat(255),
    ),
    {
      maxLength: 40,
    },
  )
  .map((list) => Uint8Array.from(list))

function outcome(call: () => unknown): unknown {
  try {
    return call()
  } catch (error) {
    if (!isLdbError(error)) throw error
    return { code: error.code, message: error.message, details: error.details }
  }
}

describe.each(versions)('utf8, %s', (_, version) => {
  it('encodes and decodes the same as TextEncoder and TextDecoder', () => {
    fc.assert(
      fc.property(text, fc.nat(3), (value, offset) => {
        const expected = Uint8Array.from(new TextEncoder().encode(value))
        expect(version.encodeUtf8(value)).toEqual(expected)
        expect(Object.getPrototypeOf(version.encodeUtf8(value))).toBe(Uint8Array.prototype)
        expect(version.utf8Bytes(value)).toBe(expected.length)
        const target = new Uint8Array(offset + expected.length)
        expect(version.encodeUtf8Into(value, target, offset)).toBe(target.length)
        expect(target.subarray(offset)).toEqual(expected)
        expect(version.decodeUtf8(target, offset)).toBe(value)
        expect(version.decodeUtf8(target, offset, target.length)).toBe(value)
        if (expected.length > 0) {
          expect(version.encodeUtf8Into(value, target.subarray(1), offset)).toBe(-1)
        }
      }),
    )
  })

  it('refuses lone surrogates', () => {
    for (const value of [
      '\ud800',
      'a\udc00b',
      '\udc00\ud800',
      `${'x'.repeat(50)}\ud83d`,
      '\ud83d\ud83d\ude00',
    ]) {
      const refusal = expect.objectContaining({ code: 'LDB_INVALID_ARGUMENT' })
      expect(() => version.encodeUtf8(value)).toThrow(refusal)
      expect(() => version.utf8Bytes(value)).toThrow(refusal)
      expect(() => version.encodeUtf8Into(value, new Uint8Array(300), 0)).toThrow(refusal)
    }
  })

  it('accepts exactly the bytes that a strict TextDecoder accepts', () => {
    const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
    fc.assert(
      fc.property(bytes, (value) => {
        let expected: string | undefined
        try {
          expected = strict.decode(value)
        } catch {
          expect(() => version.decodeUtf8(value)).toThrow(
            expect.objectContaining({ code: 'LDB_INVALID_ARGUMENT' }),
          )
          return
        }
        expect(version.decodeUtf8(value)).toBe(expected)
      }),
      { numRuns: 3000 },
    )
  })

  it('decodes edge values of every byte of a character the same as a strict TextDecoder', () => {
    const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
    const firsts = [
      0x7f, 0x80, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5,
    ]
    const others = [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff]
    const sequences = firsts.flatMap((a) => [
      [a],
      ...others.flatMap((b) => [
        [a, b],
        ...others.flatMap((c) => [[a, b, c], ...others.map((d) => [a, b, c, d])]),
      ]),
    ])
    for (const sequence of sequences) {
      const value = Uint8Array.from(sequence)
      let expected: string | undefined
      try {
        expected = strict.decode(value)
      } catch {
        expected = undefined
      }
      const actual = outcome(() => version.decodeUtf8(value))
      if (typeof actual === 'string' ? actual !== expected : expected !== undefined) {
        expect.fail(`decodes ${sequence.join(' ')} to ${JSON.stringify(actual)}`)
      }
    }
  })

  it('decodes long texts and every code point of the basic plane', () => {
    let all = ''
    for (let point = 0; point <= 0x10_ffff; point += point < 0x1_0000 ? 1 : 61) {
      if (point < 0xd800 || point > 0xdfff) all += String.fromCodePoint(point)
    }
    expect(version.decodeUtf8(version.encodeUtf8(all)) === all).toBe(true)
  })

  it('asserts that the range lies within the bytes', () => {
    const invariant = expect.objectContaining({ code: 'LDB_INVARIANT' })
    expect(() => version.decodeUtf8(new Uint8Array(2), 0, 3)).toThrow(invariant)
    expect(() => version.decodeUtf8(new Uint8Array(2), 2, 1)).toThrow(invariant)
  })
})

it('both versions return the same results and errors', () => {
  fc.assert(
    fc.property(brokenText, bytes, fc.nat(120), (value, encoded, targetBytes) => {
      const [a, b] = [portableVersion, nodeVersion].map((version) => {
        const target = new Uint8Array(targetBytes)
        const end = outcome(() => version.encodeUtf8Into(value, target, 0))
        return [
          outcome(() => version.encodeUtf8(value)),
          outcome(() => version.utf8Bytes(value)),
          outcome(() => version.decodeUtf8(encoded)),
          end,
          typeof end === 'number' && end >= 0 ? target.subarray(0, end) : undefined,
        ]
      })
      expect(b).toEqual(a)
    }),
    { numRuns: 2000 },
  )
})
