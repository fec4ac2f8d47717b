import { LdbError } from '@ldb/base'

/**
 * Returns the LDB_FORMAT error for intact bytes of a log whose meaning this build does not know. Another build wrote them: they are neither
 * damaged nor torn.
 */
export function formatError(
  file: string,
  offset: number,
  message: string,
  facts: { readonly expected?: number; readonly actual?: number } = {},
): LdbError {
  return new LdbError('LDB_FORMAT', `${message} (${file}, offset ${offset})`, {
    details: { file, offset, ...facts },
  })
}
