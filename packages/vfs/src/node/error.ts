import type { LdbError } from '@ldb/base'
import { fileError } from '../file-error.js'
import type { FileOperation } from '../file-error.js'

/** Returns the operating system's name of a failure, `'ENOSPC'` for instance; `undefined` for other errors. */
export function errnoOf(error: unknown): string | undefined {
  const code = (error as { readonly code?: unknown } | null | undefined)?.code
  return typeof code === 'string' ? code : undefined
}

/** Makes the {@link LdbError} for what a function of `node:fs` has thrown. */
export function nodeError(error: unknown, where: FileOperation): LdbError {
  return fileError(errnoOf(error) ?? 'EIO', where, error)
}

/** Runs a file operation, so that only an {@link LdbError} leaves it. */
export function attempt<T>(operation: string, file: string, action: () => T): T {
  try {
    return action()
  } catch (error) {
    throw nodeError(error, { operation, file })
  }
}
