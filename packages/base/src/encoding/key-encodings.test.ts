import { describe, expect, it } from 'vitest'
import type { KeyEncoding } from './key-encoding.js'
import { binaryKeys, keyEncoding, tupleKeys, utf8Keys } from './key-encodings.js'
import { LdbError } from '../ldb-error.js'
import type { ValueEncoding } from './value-encoding.js'
import { binaryValues, jsonValues, utf8Values, valueEncoding } from './value-encodings.js'

const invalid = expect.objectContaining({ code: 'LDB_INVALID_ARGUMENT' })

const custom: KeyEncoding<number> & ValueEncoding<number> = {
  name: 'byte',
  encode: (value) => Buffer.from([value]),
  decode: (bytes) => bytes[0] ?? 0,
}

describe('built-in encodings', () => {
  it('are found by name, and returned unchanged', () => {
    expect(keyEncoding('utf8')).toBe(utf8Keys)
    expect(keyEncoding('binary')).toBe(binaryKeys)
    expect(keyEncoding('tuple')).toBe(tupleKeys)
    expect(keyEncoding(utf8Keys)).toBe(utf8Keys)
    expect(valueEncoding('utf8')).toBe(utf8Values)
    expect(valueEncoding('binary')).toBe(binaryValues)
    expect(valueEncoding('json')).toBe(jsonValues)
    expect(valueEncoding(jsonValues)).toBe(jsonValues)
    for (const name of ['json', 'UTF8', '', 'toString', '__proto__']) {
      expect(() => keyEncoding(name as 'utf8')).toThrow(invalid)
    }
    for (const name of ['tuple', 'constructor']) expect(() => valueEncoding(name as 'utf8')).toThrow(invalid)
  })

  it('encode strings as UTF-8', () => {
    expect(utf8Keys.encode('ä')).toEqual(Uint8Array.of(0xc3, 0xa4))
    expect(utf8Values.encode('ä')).toEqual(Uint8Array.of(0xc3, 0xa4))
    expect(utf8Keys.encode('')).toEqual(Uint8Array.of())
    const target = new Uint8Array(2)
    expect(utf8Keys.encodeInto?.('ä', target)).toBe(2)
    expect(utf8Keys.encodeInto?.('äb', target)).toBe(-1)
    expect(utf8Keys.decode(Uint8Array.of(0xc3, 0xa4))).toBe('ä')
  })

  it('accept Buffers as bytes', () => {
    const target = new Uint8Array(3)
    expect(binaryKeys.encodeInto?.(Buffer.from([1, 2]), target)).toBe(2)
    expect(target).toEqual(Uint8Array.of(1, 2, 0))
    expect(binaryKeys.encodeInto?.(new Uint8Array(4), target)).toBe(-1)
    expect(Object.getPrototypeOf(binaryValues.encode(Buffer.from([1])))).toBe(Uint8Array.prototype)
  })

  it('copy keys of subclasses of Uint8Array of any length, and refuse what only looks like one', () => {
    class OwnBytes extends Uint8Array {}
    for (const count of [0, 1, 64, 65, 300]) {
      const plain = Uint8Array.from({ length: count }, (_, index) => index * 7 + 1)
      for (const key of [
        plain,
        Buffer.from(plain),
        new OwnBytes(plain),
        Buffer.concat([plain]).subarray(0),
      ]) {
        const target = new Uint8Array(count + 2).fill(255)
        expect(binaryKeys.encodeInto?.(key, target)).toBe(count)
        expect(target).toEqual(Uint8Array.of(...plain, 255, 255))
        if (count > 0) expect(binaryKeys.encodeInto?.(key, new Uint8Array(count - 1))).toBe(-1)
      }
    }
    const transferred = Buffer.from(new ArrayBuffer(8))
    structuredClone(transferred.buffer, { transfer: [transferred.buffer as ArrayBuffer] })
    for (const key of [transferred, Object.create(OwnBytes.prototype), new Uint16Array(2), 'abc'])
      expect(() => binaryKeys.encodeInto?.(key as Uint8Array, new Uint8Array(9))).toThrow(invalid)
  })

  it.each([
    ['a number as text key', () => utf8Keys.encode(5 as never)],
    ['undefined as text key', () => utf8Keys.encodeInto?.(undefined as never, new Uint8Array(9))],
    ['an object as text value', () => utf8Values.encode({} as never)],
    ['a lone surrogate', () => utf8Values.encode('\udc00')],
    ['a string as bytes', () => binaryKeys.encode('a' as never)],
    ['an array as bytes', () => binaryValues.encode([1] as never)],
    ['undefined as JSON', () => jsonValues.encode(undefined)],
    ['a function as JSON', () => jsonValues.encode(() => 1)],
    ['a symbol as JSON', () => jsonValues.encode(Symbol('s'))],
    ['a bigint as JSON', () => jsonValues.encode(1n)],
    ['bytes that are not JSON', () => jsonValues.decode(Uint8Array.of(0x7b))],
    ['JSON bytes that are not UTF-8', () => jsonValues.decode(Uint8Array.of(0xff))],
    ['key bytes that are not UTF-8', () => utf8Keys.decode(Uint8Array.of(0xff))],
  ])('refuse %s', (_, call) => {
    expect(call).toThrow(invalid)
  })

  it('round-trip JSON, including the property __proto__', () => {
    const value = JSON.parse('{"a":[1,null,"\\ud800"],"__proto__":{"x":1}}') as unknown
    const decoded = jsonValues.decode(jsonValues.encode(value))
    expect(decoded).toStrictEqual(value)
    expect(({} as { x?: number }).x).toBeUndefined()
  })
})

describe('custom encodings', () => {
  it('are wrapped, and return plain bytes', () => {
    for (const encoding of [keyEncoding<number>(custom), valueEncoding<number>(custom)]) {
      expect(encoding.name).toBe('byte')
      expect(encoding.decodesBorrowed).toBe(false)
      expect(Object.getPrototypeOf(encoding.encode(7))).toBe(Uint8Array.prototype)
      expect(encoding.decode(encoding.encode(7))).toBe(7)
    }
    expect(keyEncoding<number>(custom).encodeInto).toBeUndefined()
    expect(keyEncoding<number>(custom).encodePrefix).toBeUndefined()
  })

  it('are called with their this', () => {
    class Counting {
      readonly name = 'counting'
      calls = 0
      encode(value: number): Uint8Array {
        this.calls++
        return Uint8Array.of(value)
      }
      decode(bytes: Uint8Array): number {
        this.calls++
        return bytes[0] ?? 0
      }
      encodeInto(value: number, target: Uint8Array): number {
        this.calls++
        target[0] = value
        return 1
      }
      encodePrefix(prefix: number): Uint8Array {
        return this.encode(prefix)
      }
    }
    const mine = new Counting()
    const encoding = keyEncoding<number>(mine)
    encoding.decode(encoding.encode(1))
    encoding.encodePrefix?.(1)
    expect(encoding.encodeInto?.(1, new Uint8Array(1))).toBe(1)
    expect(mine.calls).toBe(4)
  })

  it('throw an LdbError with the original error as cause', () => {
    const cause = new RangeError('no')
    const fail = (): never => {
      throw cause
    }
    const failing = { name: 'failing', encode: fail, decode: fail, encodeInto: fail, encodePrefix: fail }
    const keys = keyEncoding<number>(failing)
    const values = valueEncoding<number>(failing)
    const bytes = new Uint8Array(1)
    for (const call of [
      () => keys.encode(1),
      () => keys.decode(bytes),
      () => keys.encodeInto?.(1, bytes),
      () => keys.encodePrefix?.(1),
      () => values.encode(1),
      () => values.decode(bytes),
    ]) {
      expect(call).toThrow(expect.objectContaining({ code: 'LDB_INVALID_ARGUMENT', cause }))
    }
    const typed = new LdbError('LDB_TOO_LARGE', 'too much')
    const passing = valueEncoding<number>({
      ...failing,
      encode: () => {
        throw typed
      },
    })
    expect(() => passing.encode(1)).toThrow(typed)
  })

  it('must return bytes and valid counts', () => {
    for (const result of [undefined, 'abc', [1], Promise.resolve(new Uint8Array(1))]) {
      const encoding = { ...custom, encode: () => result as unknown as Uint8Array }
      expect(() => keyEncoding<number>(encoding).encode(1)).toThrow(invalid)
      expect(() => valueEncoding<number>(encoding).encode(1)).toThrow(invalid)
    }
    for (const result of [2, -2, 0.5, Number.NaN, undefined]) {
      const encoding = keyEncoding<number>({ ...custom, encodeInto: () => result as number })
      expect(() => encoding.encodeInto?.(1, new Uint8Array(1))).toThrow(invalid)
    }
  })

  it.each([
    ['null', null],
    ['undefined', undefined],
    ['a function', () => 1],
    ['no name', { ...custom, name: undefined }],
    ['an empty name', { ...custom, name: '' }],
    ['a name of 256 characters', { ...custom, name: 'x'.repeat(256) }],
    ['a name with a lone surrogate', { ...custom, name: '\ud800' }],
    ['the name of a built-in encoding', { ...custom, name: 'utf8' }],
    ['no encode', { ...custom, encode: undefined }],
    ['no decode', { ...custom, decode: 5 }],
  ])('are refused: %s', (_, encoding) => {
    expect(() => keyEncoding(encoding as KeyEncoding<number>)).toThrow(invalid)
    expect(() => valueEncoding(encoding as ValueEncoding<number>)).toThrow(invalid)
  })
})
