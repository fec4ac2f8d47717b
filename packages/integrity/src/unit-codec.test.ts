// Strategy: a codec without a cipher and one with a small length-preserving cipher encode units to a file and decode them.
// Invariants: plain units are stored unchanged; an encrypted unit decodes only at its own kind, position and epoch.
import { describe, expect, test } from 'vitest'
import { createSeed64 } from './seed64.js'
import { UnitCodec, UnitKind } from './unit-codec.js'
import type { UnitCipher, UnitFile } from './unit-codec.js'
import { xxHash64 } from './xxhash64.js'

const SEED = createSeed64(1, 2)
const TAG_BYTES = 8

/** XORs the content with a byte of the context and appends a keyed checksum: enough to test the seam, no real cipher. */
class ToyCipher implements UnitCipher {
  readonly suite = 255
  readonly trailerBytes = TAG_BYTES
  #version = 0

  createVersion(target: Int32Array): void {
    this.#version += 1
    target[0] = this.#version
    target[1] = -1
  }

  encrypt(
    kind: number,
    position: number,
    epoch: number,
    source: Uint8Array,
    start: number,
    byteCount: number,
    target: Uint8Array,
    targetStart: number,
  ): void {
    const content = byteCount - TAG_BYTES
    const tag = tagOf(kind, position, epoch, source.subarray(start, start + content))
    for (let at = 0; at < content; at += 1) target[targetStart + at] = (source[start + at] as number) ^ 0x5a
    target.set(tag, targetStart + content)
  }

  decrypt(
    kind: number,
    position: number,
    epoch: number,
    bytes: Uint8Array,
    start: number,
    byteCount: number,
  ): boolean {
    const content = bytes.subarray(start, start + byteCount - TAG_BYTES)
    for (let at = 0; at < content.length; at += 1) content[at] = (content[at] as number) ^ 0x5a
    const tag = tagOf(kind, position, epoch, content)
    return tag.every((byte, at) => bytes[start + content.length + at] === byte)
  }
}

function tagOf(kind: number, position: number, epoch: number, content: Uint8Array): Uint8Array {
  const hash = new Int32Array(2)
  xxHash64(content, 0, content.length, createSeed64(kind * 1_000_003 + epoch, position), hash)
  return new Uint8Array(hash.buffer)
}

const plain = Uint8Array.from({ length: 64 }, (_, index) => index)

describe('a codec without a cipher', () => {
  test('computes the checksum of the file and stores bytes unchanged', () => {
    const codec = new UnitCodec(SEED)
    const expected = new Int32Array(2)
    const actual = new Int32Array(2)
    xxHash64(plain, 8, 64, SEED, expected)
    codec.checksum(plain, 8, 64, actual)
    expect(actual).toEqual(expected)
    expect(codec.trailerBytes).toBe(0)
    const target = new Uint8Array(80)
    codec.encode(UnitKind.Page, 4096, 7, plain, 0, 64, target, 16)
    expect(target.subarray(16)).toEqual(plain)
    codec.encode(UnitKind.Page, 4096, 7, target, 16, 64, target, 0)
    expect(target.subarray(0, 64)).toEqual(plain)
    expect(codec.decode(UnitKind.Page, 4096, 7, target, 0, 64)).toBe(true)
    expect(codec.isIntact(target, 8, 64, expected[0] as number, expected[1] as number)).toBe(true)
    target[40] = 0xff
    expect(codec.isIntact(target, 8, 64, expected[0] as number, expected[1] as number)).toBe(false)
  })
})

describe('a codec with a cipher', () => {
  test('writes ciphertext, leaves memory plain, and decodes at the same position only', () => {
    const content = new Uint8Array(256)
    const file: UnitFile = {
      write(bytes, start, byteCount, position) {
        content.set(bytes.subarray(start, start + byteCount), position)
      },
    }
    const codec = new UnitCodec(SEED, new ToyCipher())
    codec.write(file, UnitKind.Page, 128, 7, plain, 0, 64)
    expect(plain[1]).toBe(1)
    const stored = content.slice(128, 192)
    expect(stored.subarray(0, 56)).not.toEqual(plain.subarray(0, 56))
    const decode = (kind: UnitKind, position: number, epoch: number): boolean =>
      codec.decode(kind, position, epoch, stored.slice(), 0, 64)
    expect(decode(UnitKind.Page, 128, 7)).toBe(true)
    expect(decode(UnitKind.Page, 192, 7)).toBe(false)
    expect(decode(UnitKind.MetaBlock, 128, 7)).toBe(false)
    expect(decode(UnitKind.Page, 128, 8)).toBe(false)
    expect(codec.decode(UnitKind.Page, 128, 7, stored, 0, 64)).toBe(true)
    expect(stored.subarray(0, 56)).toEqual(plain.subarray(0, 56))
  })

  test('stores a new version with each write in place of a checksum', () => {
    const codec = new UnitCodec(SEED, new ToyCipher())
    const first = new Int32Array(2)
    const second = new Int32Array(2)
    codec.checksum(plain, 8, 64, first)
    codec.checksum(plain, 8, 64, second)
    expect(first).not.toEqual(second)
    expect(codec.isIntact(plain, 8, 64, first[0] as number, first[1] as number)).toBe(true)
  })
})
