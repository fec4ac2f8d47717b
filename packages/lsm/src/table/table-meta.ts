import { assert, compareByteRanges, compareBytes, concatBytes } from '@ldb/base'

/** A table as the manifest describes it. @category Compaction in another thread */
export interface TableMeta {
  /** Number of its file. */
  readonly number: number
  readonly fileId: Uint8Array
  readonly fileBytes: number
  /** Bytes that the file would have if no block were compressed. */
  readonly rawBytes: number
  /** Id of the codec that its data blocks were to be compressed with; 0 for none. */
  readonly codecId: number
  /** Every key of the table, and every key that its range tombstones cover, is at or above it. */
  readonly lower: Uint8Array
  /** ... and below it; `undefined` when a tombstone covers every key from some key on. */
  readonly upper: Uint8Array | undefined
  readonly entryCount: number
  readonly deleteCount: number
  readonly tombstoneCount: number
  readonly minStamp: number
  readonly maxStamp: number
}

/** Returns the path of the file of a table. */
export function tablePath(directory: string, number: number): string {
  return `${directory}/${String(number).padStart(10, '0')}.sst`
}

/** Returns the number of the table with a file name, or `undefined`. */
export function tableNumberOf(name: string): number | undefined {
  const digits = /^(\d{10,15})\.sst$/.exec(name)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

/** The smallest bound above a key: exclusive where the key is the greatest of its table. */
export function boundAfter(key: Uint8Array): Uint8Array {
  return concatBytes(key, Uint8Array.of(0))
}

/** Key range of something; `upper` is exclusive, `undefined` is unbounded. @category Compaction in another thread */
export interface KeyRange {
  readonly lower: Uint8Array
  readonly upper: Uint8Array | undefined
}

/** Reports whether two ranges have a key in common. */
export function overlaps(a: KeyRange, b: KeyRange): boolean {
  return isBelow(a.lower, b.upper) && isBelow(b.lower, a.upper)
}

/** Returns the smallest range that contains all ranges; there is at least one. */
export function hullOf(ranges: readonly KeyRange[]): KeyRange {
  const [first] = ranges
  assert(first !== undefined, 'a hull has at least one range')
  let { lower, upper } = first
  for (const range of ranges) {
    if (compareBytes(range.lower, lower) < 0) lower = range.lower
    if (upper !== undefined && !isBelow(range.upper, upper)) upper = range.upper
  }
  return { lower, upper }
}

/** Reports whether a key, or a bound, is below an upper bound. */
export function isBelow(key: Uint8Array | undefined, upper: Uint8Array | undefined): boolean {
  return upper === undefined ? key !== undefined : key !== undefined && compareBytes(key, upper) < 0
}

/** Reports whether `key[start, end)` lies within a range. */
export function isKeyWithin(
  key: Uint8Array,
  start: number,
  end: number,
  { lower, upper }: KeyRange,
): boolean {
  return (
    compareByteRanges(key, start, end, lower, 0, lower.length) >= 0 &&
    (upper === undefined || compareByteRanges(key, start, end, upper, 0, upper.length) < 0)
  )
}
