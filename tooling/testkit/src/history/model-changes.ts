import type { ModelChange } from './history.js'
import type { TestRandom } from '../test-random.js'

/** What the entries of a run are like. */
export interface EntryShape {
  readonly keyCount: number
  /** Put in front of each key. */
  readonly prefix: string
  readonly valueBytesMax: number
  /** Length that nine values in ten stay below. @defaultValue 40 */
  readonly usualBytesMax?: number
  /** Share of the operations that put, before any others are drawn: what deletes ranges stays small. @defaultValue 0 */
  readonly growth?: number
  /** Greatest number of operations in a batch. */
  readonly batchMax: number
}

/** Makes the operations of one commit over some of the given spaces. */
export function randomChanges(
  random: TestRandom,
  shape: EntryShape,
  spaces: readonly string[],
): ModelChange[] {
  const changes: ModelChange[] = []
  const touched = spaces.filter(() => random.chance(0.6))
  for (const space of touched.length > 0 ? touched : [random.pick(spaces)]) {
    for (let count = random.between(1, shape.batchMax); count > 0; count--) {
      changes.push(randomChange(random, shape, space))
    }
    // Makes each state unlike all others.
    changes.push({ kind: 'put', space, key: 'last', value: String(random.word()) })
  }
  return changes
}

/** Options of a put: some entries get a time, long after every test. Drawn from nothing, so that seeds mean what they did. */
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

/** A text that compresses no better than its length says, in ASCII. */
function randomValue(random: TestRandom, shape: EntryShape): string {
  const length = random.chance(0.1)
    ? random.below(shape.valueBytesMax + 1)
    : random.below(shape.usualBytesMax ?? 40)
  return `${random.word()}:`.repeat(Math.ceil(length / 4)).slice(0, length)
}
