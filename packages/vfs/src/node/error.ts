import { optionalMember } from '@ldb/base'
import type { LdbError } from '@ldb/base'
import { fileError } from '../file-error.js'
import type { FileOperation } from '../file-error.js'

/** Returns the symbolic code of an error of the operating system, for instance `'ENOSPC'`; `undefined` for other errors. */
export function errnoOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined
  const code = optionalMember(error as { readonly code?: unknown }, 'code')
  return typeof code === 'string' ? code : undefined
}

/** Creates the {@link LdbError} for an error thrown by `node:fs`. */
export function nodeError(error: unknown, where: FileOperation): LdbError {
  return fileError(errnoOf(error) ?? 'EIO', where, error)
}

/** Runs a file operation and converts every error that it throws to an {@link LdbError}. */
export function attempt<T>(operation: string, file: string, action: () => T): T {
  try {
    return action()
  } catch (error) {
    throw nodeError(error, { operation, file })
  }
}
