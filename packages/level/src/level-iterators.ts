import { AbstractIterator, AbstractKeyIterator, AbstractValueIterator } from 'abstract-level'
import type { AbstractLevel } from 'abstract-level'
import type { FormatData } from './encoded-views.js'
import { toFormat } from './encoded-views.js'
import { RangeReader } from './range-reader.js'
import type { IteratedState, IteratorOptions, PickItem } from './range-reader.js'

/** The constructor of an iterator of abstract-level. */
type IteratorBase = new (level: AbstractLevel<unknown>, options: object) => object
/** The constructor of an iterator over a state of the database; abstract-level calls its private methods. */
type LevelIteratorClass = new (
  level: AbstractLevel<unknown>,
  state: IteratedState | undefined,
  options: IteratorOptions,
) => object

/** Returns a class of iterators that read a range. @param pickFor - returns what they yield for an entry. */
function readingIterator<T>(
  Base: IteratorBase,
  pickFor: (options: IteratorOptions) => PickItem<T>,
): LevelIteratorClass {
  return class extends Base {
    readonly #reader: RangeReader<T>

    constructor(level: AbstractLevel<unknown>, state: IteratedState | undefined, options: IteratorOptions) {
      super(level, options)
      this.#reader = new RangeReader(state, options, pickFor(options))
    }

    _next(): Promise<T | undefined> {
      return this.#reader.next()
    }

    _nextv(size: number): Promise<T[]> {
      return this.#reader.nextMany(size)
    }

    _seek(target: FormatData): void {
      this.#reader.seek(target)
    }

    _close(): Promise<void> {
      return this.#reader.close()
    }
  }
}

/** An iterator of entries. A part that was not requested is `undefined`. */
export const LevelIterator: LevelIteratorClass = readingIterator(
  AbstractIterator as unknown as IteratorBase,
  ({ keys, values, keyEncoding, valueEncoding }) =>
    (cursor) => [
      keys === false ? undefined : toFormat(cursor.key, keyEncoding),
      values === false ? undefined : toFormat(cursor.value, valueEncoding),
    ],
)

/** An iterator of keys. */
export const LevelKeyIterator: LevelIteratorClass = readingIterator(
  AbstractKeyIterator as unknown as IteratorBase,
  ({ keyEncoding }) =>
    (cursor) =>
      toFormat(cursor.key, keyEncoding),
)

/** An iterator of values. */
export const LevelValueIterator: LevelIteratorClass = readingIterator(
  AbstractValueIterator as unknown as IteratorBase,
  ({ valueEncoding }) =>
    (cursor) =>
      toFormat(cursor.value, valueEncoding),
)
