import { errnoByName, getSystemErrorMap } from '#system'
import { optionalMember } from '@ldb/base'
import type { LdbError } from '@ldb/base'
import { fileError } from '../file-error.js'
import type { FileOperation } from '../file-error.js'

/** Names by number, as in `constants.errno`. libuv has no name for some of them, of which `EDQUOT` and `ESTALE` occur. */
const NAME_BY_ERRNO: ReadonlyMap<number, string> = new Map(
  Object.entries(errnoByName).map(([name, number]) => [number, name]),
)

/**
 * Returns the symbolic code of an error of the operating system, for instance `'ENOSPC'`; `undefined` for other errors. An error that
 * libuv reports as `UNKNOWN` is named by its number.
 */
export function errnoOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined
  const system = error as { readonly code?: unknown; readonly errno?: unknown }
  const code = optionalMember(system, 'code')
  const errno = optionalMember(system, 'errno')
  if (typeof code === 'string' && code !== 'UNKNOWN') return code
  const name = typeof errno === 'number' ? errnoName(errno) : undefined
  return name ?? (typeof code === 'string' ? code : undefined)
}

/** Returns the name of the number in the property `errno` of an error of Node; `undefined` for an unknown number. */
export function errnoName(errno: number): string | undefined {
  const name = getSystemErrorMap().get(errno)?.[0]
  return name === undefined || name === 'UNKNOWN' ? NAME_BY_ERRNO.get(Math.abs(errno)) : name
}

/** Creates the {@link LdbError} for an error thrown by `node:fs`, which is its `cause`. */
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
