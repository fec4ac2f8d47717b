import { invalidArgument, kindOf, LdbError } from '@ldb/base'

/**
 * A `file:` URL. The global `URL` of every platform has this form: `new URL('./data', import.meta.url)`.
 *
 * @category Paths
 */
export interface FileUrl {
  readonly href: string
  readonly protocol: string
  readonly pathname: string
}

/**
 * Path of a file or directory: a string in the syntax of the file system, or a `file:` URL, as an object or as a string that begins
 * with `file://`. A relative path that begins with these characters is written `./file://`.
 *
 * @category Paths
 */
export type FilePath = string | FileUrl

const URL_START = /^file:\/\//i

/**
 * Returns the text of a `file:` URL; `undefined` when `path` is a plain path.
 *
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT when it is neither.
 */
export function fileUrlOf(path: FilePath): string | undefined {
  if (typeof path === 'string') return URL_START.test(path) ? path : undefined
  const url = readUrl(path)
  if (url === undefined) throw invalidArgument(`path must be a string or a file: URL, not ${kindOf(path)}`)
  if (url.protocol !== 'file:') throw invalidArgument(`path must be a file: URL, not ${url.href}`)
  return url.href
}

/** Creates the error for a URL that names no local file. */
export function invalidUrl(url: string, cause: unknown): LdbError {
  const reason = cause instanceof Error ? `: ${cause.message}` : ''
  return new LdbError('LDB_INVALID_ARGUMENT', `${url} names no local file${reason}`, { cause })
}

/** Reads each property of a URL once: an object of the caller may change them, or throw. */
function readUrl(value: unknown): Pick<FileUrl, 'href' | 'protocol'> | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  try {
    const { href, protocol, pathname } = value as Record<keyof FileUrl, unknown>
    const isUrl = typeof href === 'string' && typeof protocol === 'string' && typeof pathname === 'string'
    return isUrl ? { href, protocol } : undefined
  } catch (cause) {
    throw invalidUrl('a URL whose properties cannot be read', cause)
  }
}
