/** What the workloads write and read. */
export interface BenchShape {
  readonly entryCount: number
  readonly valueBytes: number
  /** Returns a value of `valueBytes` bytes. */
  readonly valueAt: (index: number) => string
}

const KEY_PREFIX = 'user'
const KEY_DIGITS = 12
/** Bytes of each key. */
export const KEY_BYTES: number = KEY_PREFIX.length + KEY_DIGITS
const VALUE_COUNT = 64
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789 '

/** Returns what the workloads write: values that a codec compresses as it does text, from a fixed seed. */
export function benchShape(entryCount: number, valueBytes: number): BenchShape {
  const random = randomFrom(7)
  const values = Array.from({ length: VALUE_COUNT }, () =>
    Array.from({ length: valueBytes }, () => ALPHABET[random(ALPHABET.length)]).join(''),
  )
  return { entryCount, valueBytes, valueAt: (index) => values[index % VALUE_COUNT] as string }
}

/** Returns the key of a number: keys are in the order of the numbers. */
export function keyAt(index: number): string {
  return `${KEY_PREFIX}${String(index).padStart(KEY_DIGITS, '0')}`
}

/** Returns the numbers of all entries in a random order, the same one for the same seed. */
export function orderOf({ entryCount }: BenchShape, seed: number): Uint32Array {
  const order = Uint32Array.from({ length: entryCount }, (_, index) => index)
  const random = randomFrom(seed)
  for (let index = entryCount - 1; index > 0; index--) {
    const other = random(index + 1)
    const taken = order[index] as number
    order[index] = order[other] as number
    order[other] = taken
  }
  return order
}

/** Returns a generator of whole numbers below a bound: Marsaglia's xorshift32, https://doi.org/10.18637/jss.v008.i14. */
function randomFrom(seed: number): (bound: number) => number {
  let state = seed * 2_654_435_761 || 1
  return (bound) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % bound
  }
}
