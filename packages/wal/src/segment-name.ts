const DIGIT_COUNT = 10
const SUFFIX = '.wal'
const NEW_SUFFIX = '.wal.new'
const DIGIT_ZERO = 48

/** Gives the file name of a segment, `0000000001.wal` for number 1. */
export function segmentName(number: number): string {
  return String(number).padStart(DIGIT_COUNT, '0') + SUFFIX
}

/** Gives the name that a segment bears while it is being made. */
export function newSegmentName(number: number): string {
  return String(number).padStart(DIGIT_COUNT, '0') + NEW_SUFFIX
}

/** Gives the number in the name of a segment, or 0 when the name is not one. */
export function parseSegmentName(name: string): number {
  return parseNumber(name, SUFFIX)
}

/** Gives the number in the name of a segment that is being made, or 0 when the name is not one. */
export function parseNewSegmentName(name: string): number {
  return parseNumber(name, NEW_SUFFIX)
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
