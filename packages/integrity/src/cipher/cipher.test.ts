// Strategy: published vectors and random inputs, against the Node twin and the portable one.
// Invariants: both give the published results and equal ones; every changed bit of a key, nonce, associated data, ciphertext or tag
// fails authentication.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as node from './cipher-node.js'
import * as portable from './cipher.js'
import { Xaes256Gcm } from './xaes256-gcm.js'

const twins = [
  ['node', node],
  ['portable', portable],
] as const

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))
const text = (content: string): Uint8Array => Uint8Array.from(Buffer.from(content))
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

describe.each(twins)('%s', (_name, twin) => {
  test.each([
    // FIPS 197, appendix C.3, and zeros.
    [
      '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',
      '00112233445566778899aabbccddeeff',
      '8ea2b7ca516745bfeafc49904b496089',
    ],
    ['00'.repeat(32), '00'.repeat(16), 'dc95c078a2408989ad48a21492842087'],
  ])('AES-256 of %s', (key, block, expected) => {
    const cipher = twin.createAes256(hex(key))
    expect(hexOf(cipher.encryptBlocks(hex(block)))).toBe(expected)
    // A second use, and two blocks at once.
    expect(hexOf(cipher.encryptBlocks(hex(block + block)))).toBe(expected + expected)
  })

  test.each([
    // The Galois/Counter Mode of Operation (McGrew, Viega), test cases 13 to 16.
    ['00'.repeat(32), '00'.repeat(12), '', '', '530f8afbc74536b9a963b4f1c4cb738b'],
    [
      '00'.repeat(32),
      '00'.repeat(12),
      '',
      '00'.repeat(16),
      'cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919',
    ],
    [
      'feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308',
      'cafebabefacedbaddecaf888',
      '',
      'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255',
      '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015adb094dac5d93471bdec1a502270e3cc6c',
    ],
    [
      'feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308',
      'cafebabefacedbaddecaf888',
      'feedfacedeadbeeffeedfacedeadbeefabaddad2',
      'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39',
      '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b',
    ],
  ])('AES-256-GCM with key %s, nonce %s, associated data %s', (key, nonce, associated, plain, expected) => {
    const target = new Uint8Array(plain.length / 2 + 20)
    twin.sealGcm(hex(key), hex(nonce), hex(associated), hex(plain), target, 3)
    const sealed = target.subarray(3, target.length - 1)
    expect(hexOf(sealed)).toBe(expected)
    expect([target[0], target.at(-1)]).toEqual([0, 0])
    const opened = twin.openGcm(hex(key), hex(nonce), hex(associated), sealed)
    expect(hexOf(opened!)).toBe(plain)
  })

  test.each([
    // RFC 5869, appendix A.1 to A.3.
    [
      '0b'.repeat(22),
      '000102030405060708090a0b0c',
      'f0f1f2f3f4f5f6f7f8f9',
      '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
    ],
    [
      hexOf(Uint8Array.from({ length: 80 }, (_, at) => at)),
      hexOf(Uint8Array.from({ length: 80 }, (_, at) => at + 0x60)),
      hexOf(Uint8Array.from({ length: 80 }, (_, at) => at + 0xb0)),
      'b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87',
    ],
    [
      '0b'.repeat(22),
      '',
      '',
      '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
    ],
  ])('HKDF-SHA256 of %s', (key, salt, info, expected) => {
    expect(hexOf(twin.hkdfSha256(hex(key), hex(salt), hex(info), expected.length / 2))).toBe(expected)
  })

  test.each([
    // RFC 7914, section 12; the last of its vectors takes a gigabyte.
    [
      '',
      '',
      16,
      1,
      1,
      '77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906',
    ],
    [
      'password',
      'NaCl',
      1024,
      8,
      16,
      'fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640',
    ],
    [
      'pleaseletmein',
      'SodiumChloride',
      16384,
      8,
      1,
      '7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887',
    ],
  ])('scrypt of "%s"', (password, salt, cost, blockSize, parallelization, expected) => {
    expect(hexOf(twin.scrypt(text(password), text(salt), cost, blockSize, parallelization, 64))).toBe(
      expected,
    )
  })

  test.each([
    // c2sp.org/XAES-256-GCM, test vectors for the two values of the first bit of L.
    ['01', '', 'ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271'],
    ['03', 'c2sp.org/XAES-256-GCM', '986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d'],
  ])('XAES-256-GCM with key %s', (byte, associated, expected) => {
    const cipher = new Xaes256Gcm(hex(byte.repeat(32)), twin)
    const nonce = text('ABCDEFGHIJKLMNOPQRSTUVWX')
    const target = new Uint8Array(28)
    cipher.seal(nonce, text(associated), text('XAES-256-GCM'), target, 0)
    expect(hexOf(target)).toBe(expected)
    expect(hexOf(cipher.open(nonce, text(associated), target)!)).toBe(hexOf(text('XAES-256-GCM')))
  })

  test('a changed bit of a ciphertext, tag, nonce or associated data is refused, and so is a short tag', () => {
    const cipher = new Xaes256Gcm(new Uint8Array(32).fill(7), twin)
    const parts = [new Uint8Array(24).fill(1), text('associated'), new Uint8Array(36)] as const
    cipher.seal(parts[0], parts[1], text('twenty bytes of plain'.slice(0, 20)), parts[2], 0)
    expect(cipher.open(...parts)).toBeDefined()
    for (const part of parts) {
      for (let bit = 0; bit < part.length * 8; bit++) {
        part[bit >> 3]! ^= 1 << (bit & 7)
        expect(cipher.open(...parts)).toBeUndefined()
        part[bit >> 3]! ^= 1 << (bit & 7)
      }
    }
    for (let length = 0; length < 36; length++) {
      expect(cipher.open(parts[0], parts[1], parts[2].subarray(0, length))).toBeUndefined()
    }
  })
})

test('the twins agree on random keys, nonces, associated data and lengths', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.uint8Array({ minLength: 24, maxLength: 24 }),
      fc.uint8Array({ maxLength: 80 }),
      fc.uint8Array({ maxLength: 300 }),
      (key, nonce, associated, plain) => {
        const [one, other] = [new Uint8Array(plain.length + 16), new Uint8Array(plain.length + 16)]
        new Xaes256Gcm(key, node).seal(nonce, associated, plain, one, 0)
        new Xaes256Gcm(key, portable).seal(nonce, associated, plain, other, 0)
        expect(one).toEqual(other)
        expect(new Xaes256Gcm(key, portable).open(nonce, associated, one)).toEqual(plain)
      },
    ),
    { numRuns: 50 },
  )
})
