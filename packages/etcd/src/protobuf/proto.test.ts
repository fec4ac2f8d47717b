import { describe, expect, test } from 'vitest'
import { compareBytes, isLdbError } from '@ldb/base'
import { decodeKeyValue } from '../messages/key-value.js'
import { decodeRangeMessage, encodeRange } from '../messages/range.js'
import { decodeTxnMessage, encodeTxn } from '../messages/txn.js'
import { decodeWatchMessage, encodeWatchCreate } from '../messages/watch.js'
import { ProtoReader } from './proto-reader.js'
import { ProtoWriter } from './proto-writer.js'

const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const fromHex = (digits: string): Uint8Array => new Uint8Array(Buffer.from(digits.replaceAll(' ', ''), 'hex'))

function written(write: (writer: ProtoWriter) => void): Uint8Array {
  const writer = new ProtoWriter(1)
  write(writer)
  return writer.finish()
}

describe('integers', () => {
  test.each([
    [1, '0801'],
    [127, '087f'],
    [128, '088001'],
    [300, '08ac02'],
    [2 ** 32, '088080808010'],
    [Number.MAX_SAFE_INTEGER, '08ffffffffffffff0f'],
  ])('%d is written as the encoding guide of protobuf says, and read', (value, bytes) => {
    const message = written((writer) => {
      writer.integer(1, value)
    })
    expect(hex(message)).toBe(bytes)
    const reader = new ProtoReader(message)
    expect(reader.next()).toBe(true)
    expect(reader.integer()).toBe(value)
    expect(reader.next()).toBe(false)
  })

  test('an integer over 2^53 - 1 is refused, and read as 64 bits', () => {
    const message = fromHex('08 ffffffffffffffffff01')
    const reader = new ProtoReader(message)
    reader.next()
    expect(() => reader.integer()).toThrow('over 2^53')
    const wide = new ProtoReader(message)
    wide.next()
    expect(wide.integer64()).toBe(2n ** 64n - 1n)
  })
})

describe('messages', () => {
  test('a message within a message has its length, also when that takes several bytes', () => {
    for (const byteCount of [0, 1, 125, 126, 127, 128, 16_379, 16_384, 100_000]) {
      const value = new Uint8Array(byteCount).fill(7)
      const message = written((writer) => {
        const outer = writer.begin(2)
        const inner = writer.begin(3)
        writer.bytes(1, value)
        writer.end(inner)
        writer.end(outer)
        writer.integer(9, 5)
      })
      const reader = new ProtoReader(message)
      reader.next()
      const outer = reader.message()
      outer.next()
      const inner = outer.message()
      expect(inner.next()).toBe(byteCount > 0)
      if (byteCount > 0) expect(compareBytes(inner.bytes(), value)).toBe(0)
      expect([outer.next(), reader.next(), reader.field, reader.integer()]).toEqual([false, true, 9, 5])
    }
  })

  test('a transaction is encoded as protoc does', () => {
    const message = written((writer) => {
      encodeTxn(writer, {
        compare: [
          { key: text('m'), relation: 'equal', modRevision: 0 },
          { key: text('a'), rangeEnd: text('b'), relation: 'less', modRevision: 300 },
        ],
        success: [
          { kind: 'put', key: text('k'), value: text('v'), lease: 9 },
          { kind: 'delete', key: text('x'), rangeEnd: text('y') },
        ],
        failure: [{ kind: 'range', range: { key: text('k'), limit: 2, revision: 7, keysOnly: true } }],
      })
    })
    expect(hex(message)).toBe(
      hex(
        fromHex(
          '0a07 1002 1a016d 3000' + // mod_revision is present, though 0
            '0a0e 0802 1002 1a0161 30ac02 820401 62' +
            '120a 1208 0a016b 120176 1809' +
            '1208 1a06 0a0178 120179' +
            '1a0b 0a09 0a016b 1802 2007 4001',
        ),
      ),
    )
  })

  test('a read and a watch are encoded as protoc does', () => {
    const range = written((writer) => {
      encodeRange(writer, { key: text('a'), rangeEnd: text('b'), descending: true, serializable: true })
    })
    expect(hex(range)).toBe(hex(fromHex('0a0161 120162 2802 3801')))
    const watch = written((writer) => {
      encodeWatchCreate(writer, { key: text('a'), rangeEnd: text('b'), startRevision: 5 })
    })
    expect(hex(watch)).toBe(hex(fromHex('0a0c 0a0161 120162 1805 2001 4001')))
  })

  test('answers are decoded, and unknown fields skipped', () => {
    const kv = '0a016b 1003 1804 2001 2a0176'
    const page = fromHex(`0a06 0801 1002 1809 120c ${kv} 1801 2064 2d01020304 39 0102030405060708`)
    expect(decodeRangeMessage(page)).toEqual({
      revision: 9,
      kvs: [{ key: text('k'), value: text('v'), modRevision: 4 }],
      more: true,
      count: 100,
    })
    const txn = fromHex('0a02 1805 1001 1a04 0a02 2002 1a02 1200')
    expect(decodeTxnMessage(txn)).toMatchObject({ revision: 5, succeeded: true, ranges: [{ count: 2 }] })
    const event = `5a10 0801 120c ${kv}`
    // watch_id is -1 in an answer to a progress request.
    const watch = decodeWatchMessage(fromHex(`0a02 1806 10ffffffffffffffffff01 3801 ${event}`))
    expect(watch).toMatchObject({ revision: 6, fragment: true, created: false, compactRevision: 0 })
    expect(watch.events).toEqual([{ kind: 'delete', key: text('k'), value: text('v'), modRevision: 4 }])
  })

  test('a message that ends within a field is refused with LDB_IO', () => {
    const kv = fromHex('0a016b 1003 1804 2001 2a0176')
    const whole = new Set([0, 3, 5, 7, 9])
    for (let end = 0; end < kv.length; end++) {
      const decode = (): unknown => decodeKeyValue(new ProtoReader(kv.subarray(0, end)))
      if (whole.has(end)) expect(decode).not.toThrow()
      else expect(errorOf(decode)).toSatisfy((error) => isLdbError(error, 'LDB_IO'))
    }
  })

  test('a length behind the end, field 0 and an unknown wire type are refused', () => {
    for (const bytes of ['0aff ffffff0f 61', '00', '0b']) {
      const decode = (): unknown => decodeKeyValue(new ProtoReader(fromHex(bytes)))
      expect(errorOf(decode)).toSatisfy((error) => isLdbError(error, 'LDB_IO'))
    }
  })
})

function errorOf(action: () => unknown): unknown {
  try {
    action()
  } catch (error) {
    return error
  }
  return undefined
}
