import { expect, test } from 'vitest'
import { EmptyRanges } from './empty-ranges.js'

const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0))

/** Ranges of a store whose newest operation has the stamp 9. */
class Ranges {
  readonly ranges: EmptyRanges = new EmptyRanges(() => 9)

  add(lower: string, upper: string | undefined, stamp = 9): this {
    this.ranges.add({
      lower: bytesOf(lower),
      upper: upper === undefined ? undefined : bytesOf(upper),
      stamp,
    })
    return this
  }

  put(key: string): this {
    this.ranges.notePut(bytesOf(key), 0, key.length)
    return this
  }

  /** Returns the range of a key as `lower-upper`. */
  at(key: string, stamp = 9): string | undefined {
    const range = this.ranges.find(bytesOf(key), 0, key.length, stamp)
    if (range === undefined) return undefined
    const textOf = (bytes: Uint8Array): string => String.fromCharCode(...bytes)
    return `${textOf(range.lower)}-${range.upper === undefined ? '' : textOf(range.upper)}`
  }
}

test('a range has its lower bound and not its upper bound', () => {
  const ranges = new Ranges().add('b', 'd').add('f', undefined)
  expect(['a', 'b', 'c', 'd', 'e', 'f', 'z'].map((key) => ranges.at(key))).toEqual([
    undefined,
    'b-d',
    'b-d',
    undefined,
    undefined,
    'f-',
    'f-',
  ])
})

test('ranges that overlap or touch become one', () => {
  expect(new Ranges().add('b', 'd').add('d', 'f').at('c')).toBe('b-f')
  expect(new Ranges().add('d', 'f').add('b', 'd').at('e')).toBe('b-f')
  expect(new Ranges().add('b', 'c').add('e', 'f').add('a', undefined).at('c')).toBe('a-')
  expect(new Ranges().add('b', undefined).add('a', 'c').at('x')).toBe('a-')
})

test('a put divides a range', () => {
  const ranges = new Ranges().add('b', 'f').put('d')
  expect(ranges.at('c')).toBe('b-d')
  expect(ranges.at('d')).toBeUndefined()
  expect(ranges.at('d\0')).toBe('d\0-f')
  expect(ranges.put('b').at('b')).toBeUndefined()
  expect(ranges.put('z').ranges.count).toBe(2)
})

test('a range says nothing to earlier readers, and those find none', () => {
  const ranges = new Ranges().add('b', 'f')
  expect(ranges.at('c', 8)).toBeUndefined()
  expect(ranges.at('c', 10)).toBe('b-f')
  // What was put after the stamp 8 may lie in it.
  expect(ranges.add('m', 'o', 8).at('n')).toBeUndefined()
})

test('the range that was found first is forgotten, and those with long bounds', () => {
  const ranges = new Ranges()
  for (let index = 100; index < 200; index++) ranges.add(`${index}a`, `${index}b`)
  expect(ranges.ranges.count).toBe(64)
  expect(ranges.at('135a')).toBeUndefined()
  expect(ranges.at('136a')).toBe('136a-136b')
  expect(ranges.add('x', `y${'y'.repeat(1024)}`).at('x')).toBeUndefined()
})
