import type { ModelChange } from './history.js'
import type { TestRandom } from '../base/test-random.js'

/** The shape of the keys, values and batches of a run. */
export interface EntryShape {
  readonly keyCount: number
  /** Common prefix of all keys. */
  readonly prefix: string
  readonly valueBytesMax: number
  /** Exclusive upper bound of the length of nine values in ten. @defaultValue 40 */
  readonly usualBytesMax?: number
  /**
   * Share of the operations that are puts regardless of the other weights, so that range deletes do not keep the
   * store small. @defaultValue 0
   */
  readonly growth?: number
  /** Greatest number of operations in a batch. */
  readonly batchMax: number
}

/** Returns random operations of one commit over some of the given spaces. */
export function randomChanges(
  random: TestRandom,
  shape: EntryShape,
  spaces: readonly string[],
): ModelChange[] {
  const changes: ModelChange[] = []
  const touched = spaces.filter(() => random.chance(0.6))
  for (const space of touched.length > 0 ? touched : [random.pick(spaces)]) {
    const drawn: ModelChange[] = []
    for (let count = random.between(1, shape.batchMax); count > 0; count--) {
      drawn.push(randomChange(random, shape, space))
    }
    // Makes each state distinct from all others.
    const word = random.word()
    drawn.push({ kind: 'put', space, key: 'last', value: String(word) })
    changes.push(...arranged(drawn, word))
  }
  return changes
}

/**
 * Arranges the changes of a space: stores apply sorted batches by other code than the rest. The arrangement depends on a drawn word, not
 * on the random source, so that existing seeds keep their meaning.
 */
function arranged(drawn: readonly ModelChange[], word: number): readonly ModelChange[] {
  const arrangement = Math.abs(word) % 6
  if (arrangement < 2) return drawn
  const sorted = [...drawn].sort((a, b) =>
    firstKeyOf(a) < firstKeyOf(b) ? -1 : firstKeyOf(a) > firstKeyOf(b) ? 1 : 0,
  )
  // Sorted, with keys that come twice and with ranges.
  if (arrangement === 2) return sorted
  const ascending = sorted.filter(
    (change, index) =>
      change.kind !== 'deleteRange' &&
      !sorted.slice(index + 1).some((other) => other.kind !== 'deleteRange' && other.key === change.key),
  )
  if (arrangement < 5) return ascending
  // Almost sorted: the last two are exchanged.
  return [...ascending.slice(0, -2), ...ascending.slice(-2).reverse()]
}

function firstKeyOf(change: ModelChange): string {
  return change.kind === 'deleteRange' ? change.lower : change.key
}

/**
 * Returns the options of a put: some entries get a TTL that ends long after every test. The choice depends on the
 * value, not on the random source, so that existing seeds keep their meaning.
 */
export function ttlOf(value: string): { readonly ttlMs: number } | undefined {
  return value.length % 7 === 5 ? { ttlMs: 1e12 } : undefined
}

function randomChange(random: TestRandom, shape: EntryShape, space: string): ModelChange {
  const key = randomKey(random, shape)
  if (shape.growth !== undefined && random.chance(shape.growth))
    return { kind: 'put', space, key, value: randomValue(random, shape) }
  const roll = random.below(100)
  if (roll < 65) return { kind: 'put', space, key, value: randomValue(random, shape) }
  if (roll < 93) return { kind: 'delete', space, key }
  if (roll < 95) return { kind: 'deleteRange', space, lower: key, upper: undefined }
  const other = randomKey(random, shape)
  return key < other
    ? { kind: 'deleteRange', space, lower: key, upper: other }
    : { kind: 'deleteRange', space, lower: other, upper: key }
}

function randomKey(random: TestRandom, shape: EntryShape): string {
  return `${shape.prefix}${random.below(shape.keyCount)}`
}

/** Returns ASCII text of a random length. */
function randomValue(random: TestRandom, shape: EntryShape): string {
  const length = random.chance(0.1)
    ? random.below(shape.valueBytesMax + 1)
    : random.below(shape.usualBytesMax ?? 40)
  return `${random.word()}:`.repeat(Math.ceil(length / 4)).slice(0, length)
}
