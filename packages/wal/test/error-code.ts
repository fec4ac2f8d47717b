import { isLdbError } from '@ldb/base'

/** Returns the code of the error that a step throws, or `'none'`. */
export function codeOf(step: () => unknown): string {
  try {
    step()
  } catch (error) {
    return isLdbError(error) ? error.code : String(error)
  }
  return 'none'
}
