import type { TestRandom } from '../base/test-random.js'

const INTERESTING = [
  0,
  1,
  2,
  7,
  8,
  127,
  128,
  255,
  256,
  511,
  512,
  4095,
  4096,
  32767,
  32768,
  65535,
  65536,
  2 ** 24,
  2 ** 30,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
]

/** Returns a mutated copy of an input: a few random changes of bytes, integers and segments. */
export function mutateBytes(
  random: TestRandom,
  input: Uint8Array,
  others: readonly Uint8Array[],
  bytesMax: number,
): Uint8Array {
  let bytes: Uint8Array = input.slice()
  for (let count = random.between(1, random.chance(0.2) ? 12 : 3); count > 0; count--) {
    bytes = mutateOnce(random, bytes, others)
  }
  return bytes.length > bytesMax ? bytes.slice(0, bytesMax) : bytes
}

function mutateOnce(random: TestRandom, bytes: Uint8Array, others: readonly Uint8Array[]): Uint8Array {
  const at = random.below(bytes.length)
  const roll = random.below(100)
  if (bytes.length === 0) return random.bytes(random.between(1, 16))
  if (roll < 30) bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8))
  else if (roll < 40) bytes[at] = random.below(256)
  else if (roll < 60) setNumber(random, bytes, at)
  else if (roll < 68) bytes.copyWithin(at, random.below(bytes.length), random.below(bytes.length))
  else if (roll < 74) bytes.fill(random.pick([0, 255]), at, at + random.below(64))
  else if (roll < 82) return joined(bytes.subarray(0, at), bytes.subarray(at + random.between(1, 32)))
  else if (roll < 90)
    return joined(bytes.subarray(0, at), random.bytes(random.between(1, 16)), bytes.subarray(at))
  else if (roll < 94) return bytes.slice(0, at)
  else return splice(random, bytes, random.pick(others))
  return bytes
}

/** Writes an integer of 1, 2, 4 or 8 bytes: a boundary value, or one near the current value. */
function setNumber(random: TestRandom, bytes: Uint8Array, at: number): void {
  const size = random.pick([1, 2, 4, 8])
  let value = random.chance(0.3)
    ? (bytes[at] ?? 0) + random.between(-2, 2)
    : random.pick(INTERESTING) + random.between(-1, 1)
  if (size === 8 && random.chance(0.3)) value = random.pick([2 ** 53 - 1, 2 ** 53, 2 ** 52, 2 ** 40])
  for (let index = 0; index < size && at + index < bytes.length; index++) {
    bytes[at + index] = ((value % 256) + 256) % 256
    value = Math.floor(value / 256)
  }
}

function splice(random: TestRandom, bytes: Uint8Array, other: Uint8Array): Uint8Array {
  const at = random.below(bytes.length + 1)
  const from = random.below(other.length + 1)
  const piece = other.subarray(from, from + random.between(1, Math.max(1, other.length)))
  return random.chance(0.5)
    ? joined(bytes.subarray(0, at), piece, bytes.subarray(at + piece.length))
    : joined(bytes.subarray(0, at), piece, bytes.subarray(at))
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}
