import { corruption, isLdbError, LdbError } from '@ldb/base'
import type { Vfs } from '@ldb/vfs'
import { HEADER_OWNER_ID, SealKind } from '../format.js'
import { checkEncryption, readSegment } from './segment.js'
import type { CreateCipher, FoundSegment } from './segment.js'
import { equalIds } from './header.js'
import { parseSegmentName, parseUnfinishedName, segmentName } from './name.js'

/** The files of a log in its directory. Other files are ignored. */
export interface LogDirectory {
  /** Numbers of the segments, ascending. */
  readonly segmentNumbers: readonly number[]
  /** Names of segments whose creation or removal was interrupted. They hold nothing that recovery needs. */
  readonly unfinishedNames: readonly string[]
  /** A number greater than that in any name of a segment, finished or not. */
  readonly nextNumber: number
}

/** Returns the path of a name in a directory. */
export function joinPath(directory: string, name: string): string {
  return directory === '' || directory.endsWith('/') ? directory + name : `${directory}/${name}`
}

/**
 * Lists the files of a log. Returns `undefined` when the directory does not exist.
 *
 * @throws {@link LdbError} LDB_IO.
 */
export function listLogDirectory(vfs: Vfs, directory: string): LogDirectory | undefined {
  const status = vfs.status(directory)
  if (status === undefined) return undefined
  if (status.kind === 'file') throw notDirectory(directory)
  const segmentNumbers: number[] = []
  const unfinishedNames: string[] = []
  let highest = 0
  for (const name of listNames(vfs, directory)) {
    const number = parseSegmentName(name)
    const newNumber = parseUnfinishedName(name)
    if (number === 0 && newNumber === 0) continue
    highest = Math.max(highest, number, newNumber)
    if (vfs.status(joinPath(directory, name))?.kind !== 'file') continue
    if (number > 0) segmentNumbers.push(number)
    else unfinishedNames.push(name)
  }
  segmentNumbers.sort((left, right) => left - right)
  return { segmentNumbers, unfinishedNames, nextNumber: highest + 1 }
}

/** Lists a path that exists: a directory, or a symbolic link whose target may be a directory, a file or missing. */
function listNames(vfs: Vfs, directory: string): string[] {
  try {
    return vfs.list(directory)
  } catch (cause) {
    const errno = isLdbError(cause) ? cause.details.errno : undefined
    if (errno === 'ENOENT' || errno === 'ENOTDIR') throw notDirectory(directory, cause)
    throw cause
  }
}

function notDirectory(directory: string, cause?: unknown): LdbError {
  return new LdbError('LDB_FORMAT', `${directory} is not a directory`, {
    details: { file: directory },
    cause,
  })
}

/**
 * Reads the headers and seals of all segments and checks that they form a chain without a gap. Sets the end of every segment but the
 * newest.
 *
 * @param ownerId - required owner; `undefined` accepts any owner, but the same one in all segments.
 * @throws {@link LdbError} LDB_CORRUPTION, LDB_FORMAT, LDB_KEY, LDB_IO.
 */
export function readSegmentChain(
  vfs: Vfs,
  directory: string,
  segmentNumbers: readonly number[],
  ownerId: Uint8Array | undefined,
  createCipher?: CreateCipher,
): FoundSegment[] {
  const found: FoundSegment[] = []
  for (const number of segmentNumbers) {
    const next = readSegment(vfs, joinPath(directory, segmentName(number)), number, createCipher)
    checkEncryption(next, createCipher)
    const previous = found.at(-1)
    checkOwner(next, ownerId ?? previous?.segment.header.ownerId)
    if (previous !== undefined) {
      checkLink(previous, next)
      previous.segment.endLsn = next.segment.baseLsn
    }
    found.push(next)
  }
  const last = found.at(-1)
  if (last !== undefined) checkNoSuccessorMissing(last)
  return found
}

/** Checks the owner of a segment: the chain checks alone would accept a complete log of another owner. */
export function checkOwner(found: FoundSegment, ownerId: Uint8Array | undefined): void {
  const { header, path } = found.segment
  if (ownerId === undefined || equalIds(header.ownerId, ownerId)) return
  throw corruption(path, HEADER_OWNER_ID, 'a log segment belongs to another owner')
}

/** Checks that `next` is the direct successor of `previous`, and that the file of `previous` is long enough. */
export function checkLink(previous: FoundSegment, next: FoundSegment): void {
  const { header, path } = next.segment
  if (!equalIds(header.previousId, previous.segment.header.segmentId)) {
    throw corruption(path, 0, `this log segment is not the successor of ${previous.segment.path}`)
  }
  if (header.baseLsn < previous.segment.baseLsn) {
    throw corruption(path, 0, 'a log segment begins before its predecessor')
  }
  const { seal } = previous
  if (typeof seal !== 'string') {
    const sameSuccessor = seal.kind === SealKind.closed || equalIds(seal.successorId, header.segmentId)
    if (!sameSuccessor || seal.endLsn !== header.baseLsn || !seal.chainHash.equals(header.chainHash)) {
      throw corruption(path, 0, 'a log segment does not begin where the seal of its predecessor ends', {
        expected: seal.endLsn,
        actual: header.baseLsn,
      })
    }
  }
  const bytesNeeded = previous.segment.fileOffsetOf(header.baseLsn)
  if (previous.fileBytes < bytesNeeded) {
    throw corruption(
      previous.segment.path,
      previous.fileBytes,
      'a log segment is too short for its records',
      {
        expected: bytesNeeded,
        actual: previous.fileBytes,
      },
    )
  }
}

/** Checks that the seal of the newest segment does not name a successor. */
export function checkNoSuccessorMissing(last: FoundSegment): void {
  const { seal, segment, fileBytes } = last
  if (typeof seal !== 'string' && seal.kind === SealKind.continued) {
    throw corruption(segment.path, fileBytes, 'the successor of this log segment is missing')
  }
}

/** Deletes unfinished segments. Ignores failures: the next open tries again. */
export function removeUnfinished(vfs: Vfs, directory: string, names: readonly string[]): void {
  for (const name of names) {
    try {
      vfs.remove(joinPath(directory, name))
    } catch (error) {
      if (!isLdbError(error)) throw error
    }
  }
}
