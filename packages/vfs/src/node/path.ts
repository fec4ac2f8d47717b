import { fileURLToPath, fs, nodePath, process } from '#system'
import { invalidArgument, LdbError } from '@ldb/base'
import { fileUrlOf, invalidUrl } from '../file-path.js'
import type { FilePath } from '../file-path.js'
import { attempt } from './error.js'

const IS_WINDOWS = process.platform === 'win32'

/**
 * Returns a path that does not depend on later changes of the working directory.
 *
 * @throws {@link LdbError} LDB_IO when the working directory does not exist.
 */
export function fixedPath(path: string): string {
  // On Windows, a path that begins with a slash depends on the drive of the working directory.
  if (IS_WINDOWS) return nodePath.resolve(path)
  return nodePath.isAbsolute(path) ? path : `${workingDirectory(path)}/${path}`
}

/**
 * Returns the absolute path that a path or `file:` URL denotes now, without `.` and `..`. A `..` after a symbolic link leads to the
 * parent of the link's target, as in every operation of the system; other symbolic links stay in the path.
 *
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT for an empty path or a URL that names no local file; LDB_NOT_FOUND when a directory
 * before `..` does not exist; LDB_IO.
 */
export function absoluteNodePath(path: FilePath): string {
  const local = localPath(path)
  if (local === '') throw invalidArgument('path must not be empty')
  const names = local.split('/')
  const lastParent = names.lastIndexOf('..')
  const firstName = names.findIndex((name) => name !== '' && name !== '.' && name !== '..')
  // No symbolic link precedes a `..` at the start: the system reports the working directory without links.
  const isLexical = IS_WINDOWS || firstName < 0 || lastParent < firstName
  if (isLexical) return nodePath.resolve(fixedPath(local))
  const parent = fixedPath(names.slice(0, lastParent + 1).join('/'))
  const base = attempt('absolutePath', local, () => fs.realpathSync.native(parent))
  return nodePath.resolve(base, ...names.slice(lastParent + 1).filter((name) => name !== ''))
}

function localPath(path: FilePath): string {
  const url = fileUrlOf(path)
  if (url === undefined) return path as string
  try {
    return fileURLToPath(url)
  } catch (error) {
    throw invalidUrl(url, error)
  }
}

function workingDirectory(path: string): string {
  try {
    return process.cwd()
  } catch (cause) {
    throw new LdbError(
      'LDB_IO',
      `the working directory, to which the path ${path} is relative, does not exist`,
      {
        cause,
        details: { file: path, operation: 'absolutePath' },
      },
    )
  }
}
