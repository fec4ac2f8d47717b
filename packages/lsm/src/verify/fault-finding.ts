import type { LdbError, VerifyFinding, VerifySeverity } from '@ldb/base'
import { isResourceShortage } from '@ldb/vfs'

const KINDS: Readonly<Record<string, VerifyFinding['kind']>> = {
  LDB_CORRUPTION: 'checksum',
  LDB_FORMAT: 'structure',
  LDB_UNSUPPORTED: 'structure',
  LDB_NOT_FOUND: 'missing',
  LDB_IO: 'io',
}

/**
 * Returns the finding of an error of a file.
 *
 * @throws the error itself when it is none of the file: for lack of descriptors or memory nothing is known about it.
 */
export function findingOf(
  error: LdbError,
  file: string,
  fileOffset: number,
  severity: VerifySeverity = 'error',
  keys?: VerifyFinding['keys'],
): VerifyFinding {
  const kind = KINDS[error.code]
  if (kind === undefined || isResourceShortage(error)) throw error
  const { offset = fileOffset } = error.details
  const finding = { kind, file, offset, message: error.message, severity }
  return keys === undefined ? finding : { ...finding, keys }
}
