// What tests, not the engines, use of Node.js: the parts of Buffer, TextEncoder and TextDecoder that they call.
import { decodeUtf8, encodeUtf8 } from '@ldb/base'

const parse = {
  utf8: (text) => encodeUtf8(text.toWellFormed()),
  latin1: (text) => Uint8Array.from(text, (character) => character.charCodeAt(0)),
  hex: (text) => Uint8Array.from(text.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16)),
}
const print = {
  utf8: (bytes) => decodeUtf8(new Uint8Array(bytes)),
  latin1: (bytes) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''),
  hex: (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(''),
}

class TestBuffer extends Uint8Array {
  static from(source, second, length) {
    if (typeof source === 'string') return TestBuffer.from(parse[second ?? 'utf8'](source))
    if (source instanceof ArrayBuffer) return new TestBuffer(source, second, length)
    return super.from.call(TestBuffer, source)
  }
  static alloc(length, byte = 0) {
    return new TestBuffer(length).fill(byte)
  }
  static byteLength(text) {
    return encodeUtf8(text).length
  }
  static concat(parts) {
    const whole = new TestBuffer(parts.reduce((sum, part) => sum + part.length, 0))
    parts.reduce((at, part) => (whole.set(part, at), at + part.length), 0)
    return whole
  }
  static compare(a, b) {
    for (let at = 0; at < a.length && at < b.length; at++) if (a[at] !== b[at]) return a[at] < b[at] ? -1 : 1
    return Math.sign(a.length - b.length)
  }
  static isBuffer(value) {
    return value instanceof TestBuffer
  }
  compare(other) {
    return TestBuffer.compare(this, other)
  }
  equals(other) {
    return TestBuffer.compare(this, other) === 0
  }
  toString(encoding = 'utf8', start = 0, end = this.length) {
    return print[encoding](this.subarray(start, end))
  }
}
for (const [name, size] of [
  ['UInt16', 2],
  ['UInt32', 4],
])
  Object.assign(TestBuffer.prototype, {
    [`read${name}LE`](offset = 0) {
      let value = 0
      for (let at = size - 1; at >= 0; at--) value = value * 256 + this[offset + at]
      return value
    },
    [`write${name}LE`](value, offset = 0) {
      for (let at = 0; at < size; at++) this[offset + at] = Math.floor(value / 256 ** at) & 0xff
      return offset + size
    },
  })

globalThis.Buffer = TestBuffer
globalThis.TextEncoder = class {
  encode(text = '') {
    return encodeUtf8(text.toWellFormed())
  }
}
globalThis.TextDecoder = class {
  decode(bytes) {
    return decodeUtf8(new Uint8Array(bytes))
  }
}
