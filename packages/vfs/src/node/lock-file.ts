import * as fs from 'node:fs'
import { LOCK_BYTES_MAX, LOCK_NAME, LOCK_TOKEN_DIGITS } from '../format.js'
import { decodeLockRecord, encodeLockRecord } from '../lock/record.js'
import type { LockRecord } from '../lock/record.js'
import { attempt, errnoOf, nodeError } from './error.js'

/** What a file that should hold a record does hold. */
export type FoundRecord = LockRecord | 'absent' | 'garbage'

const LEFTOVER = new RegExp(`^${LOCK_NAME}\\.[0-9a-f]{${LOCK_TOKEN_DIGITS}}(\\.new)?$`)
/** What an attempt to read a LOCK says that is a link, a socket or somebody else's. */
const UNREADABLE = new Set(['ELOOP', 'ENXIO', 'EACCES', 'EPERM'])
/** What file systems without hard links answer to an attempt to make one. */
const NO_LINKS = new Set(['EPERM', 'EACCES', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'])
const { O_CREAT, O_EXCL, O_RDONLY, O_WRONLY } = fs.constants
const O_SAFE = (fs.constants.O_NOFOLLOW ?? 0) | (fs.constants.O_NONBLOCK ?? 0)

/** The files through which a directory's lock passes from hand to hand; the rules are K9 to K13 of SPEC.md. */
export class NodeLockFiles {
  readonly #directory: string
  /** The file that names the holder. */
  readonly lockPath: string

  constructor(directory: string) {
    this.#directory = directory
    this.lockPath = `${directory}/${LOCK_NAME}`
  }

  /** The file whose creator may succeed the holder of a token. */
  successorPath(token: string): string {
    return `${this.lockPath}.${token}`
  }

  read(path: string): FoundRecord {
    let descriptor: number
    try {
      descriptor = fs.openSync(path, O_RDONLY | O_SAFE)
    } catch (error) {
      const errno = errnoOf(error)
      if (errno === 'ENOENT') return 'absent'
      if (errno !== undefined && UNREADABLE.has(errno)) return 'garbage'
      throw nodeError(error, { operation: 'lock', file: path })
    }
    try {
      if (!fs.fstatSync(descriptor).isFile()) return 'garbage'
      const bytes = new Uint8Array(LOCK_BYTES_MAX + 1)
      const count = fs.readSync(descriptor, bytes, 0, bytes.length, 0)
      return decodeLockRecord(String.fromCharCode(...bytes.subarray(0, count))) ?? 'garbage'
    } catch (error) {
      throw nodeError(error, { operation: 'lock', file: path })
    } finally {
      fs.closeSync(descriptor)
    }
  }

  /**
   * Creates a file that holds a record, whole and on the device before it has its name.
   *
   * @returns false when somebody else was there first.
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
      return this.#publishUnlinked(path, record, error)
    } finally {
      this.discard(newPath)
    }
  }

  /** Returns a record that was published as a successor the name of the holder's. */
  promote(path: string): void {
    attempt('lock', path, () => {
      fs.renameSync(path, this.lockPath)
    })
  }

  /** Removes a file if it is there. */
  discard(path: string): void {
    try {
      fs.unlinkSync(path)
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw nodeError(error, { operation: 'lock', file: path })
    }
  }

  /** Removes what takers have left who died on their way; for the holder only, who does not depend on it. */
  sweep(): void {
    try {
      for (const name of fs.readdirSync(this.#directory)) {
        if (LEFTOVER.test(name)) fs.unlinkSync(`${this.#directory}/${name}`)
      }
    } catch {
      // The next holder tries again.
    }
  }

  #publishUnlinked(path: string, record: LockRecord, failure: unknown): boolean {
    const errno = errnoOf(failure) ?? ''
    // Somebody swept our unpublished record away, or was first; or it is ours: network file systems may do a thing
    // and then say that it was done already.
    if (errno === 'ENOENT') return false
    if (errno === 'EEXIST') return isRecordOf(this.read(path), record.token)
    if (!NO_LINKS.has(errno)) throw nodeError(failure, { operation: 'lock', file: path })
    try {
      writeRecord(path, record)
      return true
    } catch (error) {
      if (errnoOf(error) === 'EEXIST') return false
      throw nodeError(error, { operation: 'lock', file: path })
    }
  }
}

/** Reports whether a record was found that carries the token. */
export function isRecordOf(found: FoundRecord, token: string): boolean {
  return typeof found === 'object' && found.token === token
}

function writeRecord(path: string, record: LockRecord): void {
  const text = encodeLockRecord(record)
  const descriptor = fs.openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_SAFE, 0o600)
  try {
    fs.writeFileSync(descriptor, text, 'latin1')
    fs.fsyncSync(descriptor)
  } catch (error) {
    fs.rmSync(path, { force: true })
    throw error
  } finally {
    fs.closeSync(descriptor)
  }
}
