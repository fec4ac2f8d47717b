/** Longest text in bytes: with a mark and its length it fills one block. */
const TEXT_BYTES_MAX = 55
const MARK = 0x80
const WORDS = 16
const ROUNDS = 64
const WORD_DIGITS = 8

/** Fractional parts of the square roots of the first 8 primes. */
const START = '6a09e667bb67ae853c6ef372a54ff53a510e527f9b05688c1f83d9ab5be0cd19'
/** Fractional parts of the cube roots of the first 64 primes. */
const CONSTANTS =
  '428a2f9871374491b5c0fbcfe9b5dba53956c25b59f111f1923f82a4ab1c5ed5d807aa9812835b01243185be550c7dc3' +
  '72be5d7480deb1fe9bdc06a7c19bf174e49b69c1efbe47860fc19dc6240ca1cc2de92c6f4a7484aa5cb0a9dc76f988da' +
  '983e5152a831c66db00327c8bf597fc7c6e00bf3d5a7914706ca63511429296727b70a852e1b21384d2c6dfc53380d13' +
  '650a7354766a0abb81c2c92e92722c85a2bfe8a1a81a664bc24b8b70c76c51a3d192e819d6990624f40e3585106aa070' +
  '19a4c1161e376c082748774c34b0bcb5391c0cb34ed8aa4a5b9cca4f682e6ff3748f82ee78a5636f84c878148cc70208' +
  '90befffaa4506cebbef9a3f7c67178f2'

/**
 * Returns the SHA-256 digest of a short ASCII text in hexadecimal digits. It is computed here because to load `node:crypto` takes longer than to
 * open a database.
 *
 * @param text - of at most 55 characters.
 */
export function shortDigest(text: string): string {
  if (text.length > TEXT_BYTES_MAX) throw new RangeError('the text does not fit in one block')
  const start = wordsOf(START)
  const state = compress(start, scheduleOf(text))
  return Array.from(start, (word, index) => hexOf((word + (state[index] as number)) | 0)).join('')
}

/** Returns the 64 words of the message schedule. */
function scheduleOf(text: string): Int32Array {
  const bytes = new DataView(new ArrayBuffer(WORDS * 4))
  for (let i = 0; i < text.length; i++) bytes.setUint8(i, text.charCodeAt(i))
  bytes.setUint8(text.length, MARK)
  bytes.setUint32(bytes.byteLength - 4, text.length * 8)
  const words = new Int32Array(ROUNDS)
  for (let i = 0; i < WORDS; i++) words[i] = bytes.getInt32(i * 4)
  for (let i = WORDS; i < ROUNDS; i++) {
    const early = words[i - 15] as number
    const late = words[i - 2] as number
    const mixed = rotate(early, 7) ^ rotate(early, 18) ^ (early >>> 3)
    const other = rotate(late, 17) ^ rotate(late, 19) ^ (late >>> 10)
    words[i] = (words[i - WORDS] as number) + mixed + (words[i - 7] as number) + other
  }
  return words
}

function compress(start: Int32Array, words: Int32Array): readonly number[] {
  const constants = wordsOf(CONSTANTS)
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = start
  for (let i = 0; i < ROUNDS; i++) {
    const chosen = (e & f) ^ (~e & g)
    const added =
      h +
      (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) +
      chosen +
      (constants[i] as number) +
      (words[i] as number)
    const majority = (a & b) ^ (a & c) ^ (b & c)
    const sum = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + majority
    h = g
    g = f
    f = e
    e = (d + added) | 0
    d = c
    c = b
    b = a
    a = (added + sum) | 0
  }
  return [a, b, c, d, e, f, g, h]
}

function rotate(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits))
}

function wordsOf(digits: string): Int32Array {
  return Int32Array.from({ length: digits.length / WORD_DIGITS }, (_, index) =>
    Number.parseInt(digits.slice(index * WORD_DIGITS, (index + 1) * WORD_DIGITS), 16),
  )
}

function hexOf(word: number): string {
  return (word >>> 0).toString(16).padStart(WORD_DIGITS, '0')
}
