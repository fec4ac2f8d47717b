import fc from 'fast-check'
import type { TupleElement } from '../src/encoding/tuple-encoder.js'

const TYPE_ORDER = ['null', 'boolean', 'number', 'bigint', 'string', 'date', 'bytes', 'array']

function typeOf(element: TupleElement): string {
  if (element === null) return 'null'
  if (Array.isArray(element)) return 'array'
  if (element instanceof Date) return 'date'
  if (element instanceof Uint8Array) return 'bytes'
  return typeof element
}

function compareNumbers(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b))
  if (a === 0 && b === 0) return Number(Object.is(b, -0)) - Number(Object.is(a, -0))
  return a < b ? -1 : a > b ? 1 : 0
}

function compareTexts(a: string, b: string): number {
  const aPoints = Array.from(a, (character) => character.codePointAt(0) ?? 0)
  const bPoints = Array.from(b, (character) => character.codePointAt(0) ?? 0)
  return compareLists(aPoints, bPoints, (x, y) => x - y)
}

function compareLists<T>(a: ArrayLike<T>, b: ArrayLike<T>, compare: (x: T, y: T) => number): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const order = compare(a[i] as T, b[i] as T)
    if (order !== 0) return order
  }
  return a.length - b.length
}

function compareElements(a: TupleElement, b: TupleElement): number {
  const type = typeOf(a)
  if (type !== typeOf(b)) return TYPE_ORDER.indexOf(type) - TYPE_ORDER.indexOf(typeOf(b))
  switch (type) {
    case 'null':
      return 0
    case 'boolean':
      return Number(a) - Number(b)
    case 'number':
      return compareNumbers(a as number, b as number)
    case 'bigint':
      return (a as bigint) < (b as bigint) ? -1 : (a as bigint) > (b as bigint) ? 1 : 0
    case 'string':
      return compareTexts(a as string, b as string)
    case 'date':
      return (a as Date).getTime() - (b as Date).getTime()
    case 'bytes':
      return compareLists(a as Uint8Array, b as Uint8Array, (x, y) => x - y)
    default:
      return compareTuples(a as readonly TupleElement[], b as readonly TupleElement[])
  }
}

/** Compares tuples in the documented order, without encoding them. */
export function compareTuples(a: readonly TupleElement[], b: readonly TupleElement[]): number {
  return Math.sign(compareLists(a, b, compareElements))
}

const bigintEdges = [
  0n,
  1n,
  -1n,
  255n,
  256n,
  -255n,
  -256n,
  2n ** 64n,
  -(2n ** 64n),
  2n ** 2031n,
  2n ** 2032n,
  2n ** 2040n,
]

const leaf: fc.Arbitrary<TupleElement> = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.double(),
  fc.constantFrom(0, -0, 1, -1, 255, 256, Number.NaN, Infinity, -Infinity, 5e-324, -5e-324, Number.MAX_VALUE),
  fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }),
  fc.constantFrom(...bigintEdges, ...bigintEdges.map((value) => -value - 1n)),
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc
    .array(fc.constantFrom('', '\0', '\u0001', '\u0002', 'a', 'ÿ', '\ufffd', '😀'), { maxLength: 4 })
    .map((list) => list.join('')),
  fc.date({ noInvalidDate: true }),
  fc.constantFrom(new Date(0), new Date(8.64e15), new Date(-8.64e15), new Date(-1)),
  fc.array(fc.constantFrom(0, 1, 2, 0xfe, 0xff), { maxLength: 5 }).map((list) => Uint8Array.from(list)),
)

const { element } = fc.letrec<{ element: TupleElement; array: TupleElement[] }>((tie) => ({
  element: fc.oneof({ maxDepth: 3, depthSize: 'small' }, { weight: 6, arbitrary: leaf }, tie('array')),
  array: fc.array(tie('element'), { maxLength: 3 }),
}))

/** Random tuples of every element type, with frequent edge values and little nesting. */
export const tupleArbitrary: fc.Arbitrary<TupleElement[]> = fc.array(element, { maxLength: 4 })

/** Pairs of tuples with a common prefix. */
export const tuplePairArbitrary: fc.Arbitrary<[TupleElement[], TupleElement[]]> = fc
  .tuple(fc.array(element, { maxLength: 2 }), tupleArbitrary, tupleArbitrary)
  .map(([shared, a, b]) => [
    [...shared, ...a],
    [...shared, ...b],
  ])
