import { invalidArgument, optionalMember } from '@ldb/base'
import { fileUrlOf, invalidUrl } from './file-path.js'
import type { FilePath } from './file-path.js'
import type { Vfs } from './vfs.js'

const FILE_URL = /^file:\/\/([^/?#]*)([^?#]*)/i
const ENCODED_SLASH = /%2f/i

/**
 * Returns the path that a path or `file:` URL denotes now, absolute where paths depend on a working directory. Whatever keeps a path
 * for a later operation resolves it first.
 *
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT for another type, a NUL character, or a URL that names no local file; otherwise as
 * `Vfs.absolutePath`.
 * @category Paths
 */
export function resolvePath(vfs: Vfs, path: FilePath): string {
  const url = fileUrlOf(path)
  const plain = url ?? (path as string)
  if (plain.includes('\0')) throw invalidArgument('path must not have a NUL character')
  const absolutePath = optionalMember(vfs, 'absolutePath')
  if (absolutePath !== undefined) return absolutePath.call(vfs, plain)
  return url === undefined ? plain : portablePath(url)
}

/** Returns the path of a URL for a file system without a working directory. */
function portablePath(url: string): string {
  const [, host = '', pathname = ''] = FILE_URL.exec(url) ?? []
  if (host !== '' && host.toLowerCase() !== 'localhost') throw invalidUrl(url, new Error('it has a host'))
  if (ENCODED_SLASH.test(pathname)) throw invalidUrl(url, new Error('it has an encoded slash'))
  let decoded: string
  try {
    decoded = decodeURIComponent(pathname)
  } catch (cause) {
    throw invalidUrl(url, cause)
  }
  if (decoded.includes('\0')) throw invalidUrl(url, new Error('it has a NUL character'))
  return decoded
}
