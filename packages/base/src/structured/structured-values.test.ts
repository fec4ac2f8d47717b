// Strategy: random values of all kinds, nested; every prefix and every changed byte of their encodings.
// Invariants: a value is returned as it is; damaged bytes are refused with a typed error, or are another value's, and never hang; a part that
// cannot be written is named by its path.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { jsonValues, structuredValues } from '../encoding/value-encodings.js'
import { isLdbError } from '../ldb-error.js'
import { STRUCTURED_DEPTH_MAX } from './structured-format.js'

const bytes = fc.uint8Array({ maxLength: 16 })
const leaf = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    undefined,
    true,
    false,
    -0,
    NaN,
    Infinity,
    2 ** 31,
    -(2 ** 31),
    0n,
    '\ud800x',
  ),
  fc.double(),
  fc.integer(),
  fc.bigInt(),
  fc.string({ unit: 'binary' }),
  fc.date(),
  bytes,
  fc.float32Array({ maxLength: 4 }),
  fc.float64Array({ maxLength: 4 }),
  fc.int16Array({ maxLength: 4 }),
  fc.bigInt64Array({ maxLength: 4 }),
  bytes.map((each) => new DataView(each.slice().buffer)),
  bytes.map((each) => each.slice().buffer),
)
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    leaf,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('__proto__', 'toJSON', '')), tie('value'), {
      maxKeys: 4,
      noNullPrototype: true,
    }),
    fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 4 }).map((entries) => new Map(entries)),
    fc.array(tie('value'), { maxLength: 4 }).map((items) => new Set(items)),
  ),
}))

function hex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

describe('a structured value', () => {
  test('is returned as it is', () => {
    fc.assert(
      fc.property(value, (each) => {
        const decoded = structuredValues.decode(structuredValues.encode(each))
        expect(decoded).toStrictEqual(each)
        expect(Object.getPrototypeOf(Object(decoded))).toBe(Object.getPrototypeOf(Object(each)))
      }),
      { numRuns: 300 },
    )
  })

  test('has the bytes of FORMAT.md', () => {
    const map = new Map([['at', [-2, 1n, undefined]]])
    expect(structuredValues.encode(map)).toEqual(hex('010d01080261740b03050307020102'))
    expect(structuredValues.encode(NaN)).toEqual(hex('0106000000000000f87f'))
    expect(structuredValues.encode(Uint16Array.of(1, 2))).toEqual(hex('0110060401000200'))
  })

  test('does not share memory with its bytes', () => {
    const encoded = structuredValues.encode(Uint8Array.of(1, 2, 3))
    const decoded = structuredValues.decode(encoded) as Uint8Array
    encoded.fill(9)
    expect(decoded).toEqual(Uint8Array.of(1, 2, 3))
    expect(decoded.buffer.byteLength).toBe(3)
  })

  test('is refused when bytes are missing, added or changed to no value', () => {
    fc.assert(
      fc.property(value, fc.nat(), fc.nat(255), (each, position, byte) => {
        const encoded = structuredValues.encode(each)
        fc.pre(encoded.length <= 100)
        for (let length = 0; length < encoded.length; length++)
          expect(() => structuredValues.decode(encoded.subarray(0, length))).toThrow('value is not')
        expect(() => structuredValues.decode(Uint8Array.of(...encoded, 1))).toThrow('value is not structured')
        encoded[position % encoded.length] = byte
        try {
          structuredValues.decode(encoded)
        } catch (error) {
          expect(isLdbError(error, 'LDB_INVALID_ARGUMENT')).toBe(true)
        }
      }),
      { numRuns: 30 },
    )
    expect(() => structuredValues.decode(hex('0201'))).toThrow('a newer version')
    expect(() => structuredValues.decode(hex('010bffffffff0f01'))).toThrow('value is not structured')
  })

  class User {
    readonly name = 'Ada'
  }
  const cycle: { list: unknown[] } = { list: [] }
  cycle.list.push(1, cycle)
  const chain = (length: number): unknown => (length === 0 ? 1 : [chain(length - 1)])

  test.each([
    [{ users: [1, { 'first name': () => 1 }] }, 'value.users[1]["first name"] is function'],
    [{ a: Symbol('x') }, 'value.a is symbol'],
    [[new User()], 'value[0] is an object of class User'],
    [new Map([['k', new WeakMap()]]), 'value[0] is an object of class WeakMap'],
    [cycle, 'value.list[1] is a part that contains itself'],
    [{ a: [1, , 3] }, 'value.a[1] is a hole'], // oxlint-disable-line no-sparse-arrays -- the hole is refused
    [new Error('x'), 'value is an object'],
  ])('names the part that cannot be written: %#', (part, message) => {
    expect(() => structuredValues.encode(part)).toThrow(`value cannot be written as structured: ${message}`)
  })

  test('nests as deep as FORMAT.md says', () => {
    const deepest = chain(STRUCTURED_DEPTH_MAX)
    expect(structuredValues.decode(structuredValues.encode(deepest))).toEqual(deepest)
    expect(() => structuredValues.encode(chain(STRUCTURED_DEPTH_MAX + 1))).toThrow(
      'nested more than 256 deep',
    )
    const deeper = hex(`01${'0b01'.repeat(STRUCTURED_DEPTH_MAX + 1)}01`)
    expect(() => structuredValues.decode(deeper)).toThrow('value is not structured')
  })

  test('may contain an object twice, and objects without a prototype', () => {
    const shared = { a: 1 }
    expect(structuredValues.decode(structuredValues.encode([shared, shared]))).toEqual([shared, shared])
    const bare = Object.assign(Object.create(null) as object, { a: 1 })
    expect(structuredValues.decode(structuredValues.encode(bare))).toEqual({ a: 1 })
  })
})

describe('a JSON value', () => {
  test('is returned as it is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (each) => {
        // −0 is 0.
        expect(jsonValues.decode(jsonValues.encode(each))).toEqual(JSON.parse(JSON.stringify(each)))
      }),
      { numRuns: 100 },
    )
    expect(jsonValues.decode(jsonValues.encode({ a: undefined, b: 1 }))).toEqual({ b: 1 })
  })

  const cycle: { self?: unknown } = {}
  cycle.self = cycle
  test.each([
    [{ a: { b: new Map() } }, 'value.a.b is an object of class Map'],
    [[1, NaN], 'value[1] is NaN'],
    [{ 'a b': -Infinity }, 'value["a b"] is -Infinity'],
    [{ at: new Date(0) }, 'value.at is an object of class Date'],
    [[undefined], 'value[0] is undefined'],
    [undefined, 'value is undefined'],
    [{ a: 1n }, 'value.a is bigint'],
    [{ a: Uint8Array.of(1) }, 'value.a is Uint8Array'],
    [{ a: { toJSON: () => 1 } }, 'value.a is an object with a method toJSON'],
    [cycle, 'value.self is a part that contains itself'],
  ])('that JSON would not return is refused, with its path: %#', (part, message) => {
    expect(() => jsonValues.encode(part)).toThrow(`value cannot be written as JSON: ${message}`)
  })
})
