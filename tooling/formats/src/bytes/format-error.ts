/** Error codes of the FORMAT.md documents. */
export type FormatErrorCode = 'LDB_FORMAT' | 'LDB_CORRUPTION' | 'LDB_UNSUPPORTED' | 'LDB_KEY'

/** Reports that a file is damaged, or has a format that this reader does not support. */
export class FormatError extends Error {
  readonly code: FormatErrorCode

  constructor(code: FormatErrorCode, message: string) {
    super(`${code}: ${message}`)
    this.name = 'FormatError'
    this.code = code
  }
}

/** Throws LDB_CORRUPTION unless a condition holds. */
export function requireSound(condition: boolean, message: string): asserts condition {
  if (!condition) throw new FormatError('LDB_CORRUPTION', message)
}

/** Throws LDB_FORMAT unless a condition holds. */
export function requireKnown(condition: boolean, message: string): asserts condition {
  if (!condition) throw new FormatError('LDB_FORMAT', message)
}

/** Throws LDB_UNSUPPORTED unless a condition holds. */
export function requireSupported(condition: boolean, message: string): asserts condition {
  if (!condition) throw new FormatError('LDB_UNSUPPORTED', message)
}
