const DIGIT_COUNT = 10
const SUFFIX = '.wal'
const NEW_SUFFIX = '.wal.new'
const REMOVED_SUFFIX = '.old'
const DIGIT_ZERO = 48

/** Returns the file name of a segment, `0000000001.wal` for number 1. */
export function segmentName(number: number): string {
  return String(number).padStart(DIGIT_COUNT, '0') + SUFFIX
}

/** Returns the file name of a segment under construction. */
export function newSegmentName(number: number): string {
  return String(number).padStart(DIGIT_COUNT, '0') + NEW_SUFFIX
}

/** Returns the number in a segment file name, or 0 when the name has another form. */
export function parseSegmentName(name: string): number {
  return parseNumber(name, SUFFIX)
}

/** Returns the path to which a segment is renamed before its file is deleted. */
export function removedSegmentPath(path: string): string {
  return path + REMOVED_SUFFIX
}

/** Returns the number in the file name of a segment under construction or removal, or 0 when the name has another form. */
export function parseUnfinishedName(name: string): number {
  return parseNumber(name, NEW_SUFFIX) || parseNumber(name, SUFFIX + REMOVED_SUFFIX)
}

function parseNumber(name: string, suffix: string): number {
  if (name.length !== DIGIT_COUNT + suffix.length || !name.endsWith(suffix)) return 0
  let number = 0
  for (let index = 0; index < DIGIT_COUNT; index++) {
    const digit = name.charCodeAt(index) - DIGIT_ZERO
    if (digit < 0 || digit > 9) return 0
    number = number * 10 + digit
  }
  return number
}
