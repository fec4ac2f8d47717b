import { fs } from '#system'
import { LATIN1, callOptions } from '../call-options.js'
import { LOCK_BYTES_MAX, LOCK_NAME, LOCK_TOKEN_DIGITS } from '../../format.js'
import { decodeLockRecord, encodeLockRecord } from '../../lock/record.js'
import type { LockRecord } from '../../lock/record.js'
import { attempt, errnoOf, nodeError } from '../error.js'
import { withDescriptor } from '../spare-descriptor.js'

/** Content of a lock file: a record, `'absent'` without a file, `'invalid'` when it is not a record or cannot be read. */
export type LockFileContent = LockRecord | 'absent' | 'invalid'

const LEFTOVER = new RegExp(`^${LOCK_NAME}\\.[0-9a-f]{${LOCK_TOKEN_DIGITS}}(\\.new)?$`)
/** Errors of opening a LOCK that is a symbolic link, a socket or not readable by this user. */
const UNREADABLE = new Set(['ELOOP', 'ENXIO', 'EACCES', 'EPERM'])
/** Errors of `link` on file systems without hard links. */
const LINK_UNSUPPORTED = new Set(['EPERM', 'EACCES', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'])
const { O_CREAT, O_EXCL, O_RDONLY, O_WRONLY } = fs.constants
/** Other users may read who holds the lock, as far as the mode of the directory admits them: a read-only opener has to. */
const LOCK_MODE = 0o644
const O_SAFE = (fs.constants.O_NOFOLLOW ?? 0) | (fs.constants.O_NONBLOCK ?? 0)

/** Reads, publishes and removes the lock files of one directory, by the rules K9 to K13 of SPEC.md. */
export class NodeLockFiles {
  readonly #directory: string
  /** Path of LOCK, which names the holder. */
  readonly lockPath: string

  constructor(directory: string) {
    this.#directory = directory
    this.lockPath = `${directory}/${LOCK_NAME}`
  }

  /** Returns the path of the file whose creator may take the lock over from the dead holder of `token`. */
  successorPath(token: string): string {
    return `${this.lockPath}.${token}`
  }

  /** Reads a lock file; symbolic links are not followed. */
  read(path: string): LockFileContent {
    try {
      // A holder checks its lock before it writes, also when the program has used up its descriptors.
      return withDescriptor(() => readRecord(fs.openSync(path, O_RDONLY | O_SAFE)))
    } catch (error) {
      const errno = errnoOf(error)
      if (errno === 'ENOENT') return 'absent'
      if (errno !== undefined && UNREADABLE.has(errno)) return 'invalid'
      throw nodeError(error, { operation: 'lock', file: path })
    }
  }

  /**
   * Creates the file `path` atomically with a record that is synced before it is linked to that name.
   *
   * @returns false when another opener has created the file first.
   */
  publish(path: string, record: LockRecord): boolean {
    const newPath = `${this.successorPath(record.token)}.new`
    attempt('lock', newPath, () => {
      writeRecord(newPath, record)
    })
    try {
      fs.linkSync(newPath, path)
      return true
    } catch (error) {
      return this.#publishWithoutLink(path, record, error)
    } finally {
      this.removeIfPresent(newPath)
    }
  }

  /** Renames a published successor file over LOCK. */
  promote(path: string): void {
    attempt('lock', path, () => {
      fs.renameSync(path, this.lockPath)
    })
  }

  /** Removes a file if it exists. */
  removeIfPresent(path: string): void {
    try {
      fs.unlinkSync(path)
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw nodeError(error, { operation: 'lock', file: path })
    }
  }

  /** Removes the files of openers that died while acquiring the lock. Only the holder calls this. Ignores errors. */
  removeLeftovers(): void {
    try {
      for (const name of fs.readdirSync(this.#directory)) {
        if (LEFTOVER.test(name)) fs.unlinkSync(`${this.#directory}/${name}`)
      }
    } catch {
      // The next holder tries again.
    }
  }

  #publishWithoutLink(path: string, record: LockRecord, failure: unknown): boolean {
    const errno = errnoOf(failure) ?? ''
    // ENOENT: the holder has removed this opener's unpublished file. EEXIST: another opener was first, or this one was: a
    // network file system may retry a link that it has made and then report that it exists.
    if (errno === 'ENOENT') return false
    if (errno === 'EEXIST') return hasToken(this.read(path), record.token)
    if (!LINK_UNSUPPORTED.has(errno)) throw nodeError(failure, { operation: 'lock', file: path })
    try {
      writeRecord(path, record)
      return true
    } catch (error) {
      if (errnoOf(error) === 'EEXIST') return false
      throw nodeError(error, { operation: 'lock', file: path })
    }
  }
}

/** Reports whether a lock file contains a record with this token. */
export function hasToken(content: LockFileContent, token: string): boolean {
  return typeof content === 'object' && content.token === token
}

function writeRecord(path: string, record: LockRecord): void {
  const text = encodeLockRecord(record)
  const descriptor = fs.openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_SAFE, LOCK_MODE)
  try {
    fs.writeFileSync(descriptor, text, LATIN1)
    fs.fsyncSync(descriptor)
  } catch (error) {
    fs.rmSync(path, callOptions({ force: true }))
    throw error
  } finally {
    fs.closeSync(descriptor)
  }
}

/** Reads a record from an open file, and closes it. */
function readRecord(descriptor: number): LockFileContent {
  try {
    if (!fs.fstatSync(descriptor).isFile()) return 'invalid'
    const bytes = new Uint8Array(LOCK_BYTES_MAX + 1)
    let count = 0
    // A read may return less than there is.
    for (let read = -1; read !== 0 && count < bytes.length; count += read)
      read = fs.readSync(descriptor, bytes, count, bytes.length - count, count)
    return decodeLockRecord(String.fromCharCode(...bytes.subarray(0, count))) ?? 'invalid'
  } finally {
    fs.closeSync(descriptor)
  }
}
