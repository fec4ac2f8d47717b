import { corruption, isLdbError, LdbError } from '@ldb/base'
import type { Vfs } from '@ldb/vfs'
import { HEADER_OWNER_ID, SealKind } from '../format.js'
import { readSegment } from './segment.js'
import type { FoundSegment } from './segment.js'
import { equalIds } from './header.js'
import { parseSegmentName, parseUnfinishedName, segmentName } from './name.js'

/** What of a directory belongs to a log. Everything else in it is left alone. */
export interface LogDirectory {
  /** Numbers of the segments, ascending. */
  readonly segmentNumbers: readonly number[]
  /** Names of segments whose making or removal was broken off; nothing in one is needed. */
  readonly unfinishedNames: readonly string[]
  /** A number above every one that is in a name here, of whatever kind. */
  readonly nextNumber: number
}

/** Returns the path of a name in a directory. */
export function joinPath(directory: string, name: string): string {
  return directory === '' || directory.endsWith('/') ? directory + name : `${directory}/${name}`
}

/**
 * Looks through a directory; `undefined` when there is none.
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

/** Lists what a place holds that is there: a symbolic link may lead to a directory, or nowhere. */
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
 * Reads the fronts of all segments and checks that they follow each other without a gap; sets where each but the
 * last one ends.
 *
 * @param ownerId - whose log it must be; `undefined` when it may be anybody's, but one and the same.
 * @throws {@link LdbError} LDB_CORRUPTION, LDB_FORMAT, LDB_IO.
 */
export function readSegmentChain(
  vfs: Vfs,
  directory: string,
  segmentNumbers: readonly number[],
  ownerId: Uint8Array | undefined,
): FoundSegment[] {
  const found: FoundSegment[] = []
  for (const number of segmentNumbers) {
    const next = readSegment(vfs, joinPath(directory, segmentName(number)), number)
    const previous = found.at(-1)
    checkOwner(next, ownerId ?? previous?.segment.header.ownerId)
    if (previous !== undefined) {
      checkLink(previous, next)
      previous.segment.endLsn = next.segment.baseLsn
    }
    found.push(next)
  }
  const last = found.at(-1)
  if (last !== undefined) checkNothingMissingBehind(last)
  return found
}

/** Checks that a segment belongs to whom it must; a whole log of somebody else fits together as well as the right one. */
export function checkOwner(found: FoundSegment, ownerId: Uint8Array | undefined): void {
  const { header, path } = found.segment
  if (ownerId === undefined || equalIds(header.ownerId, ownerId)) return
  throw corruption(path, HEADER_OWNER_ID, 'a log segment belongs to somebody else')
}

/** Checks that one segment is the very next one behind another, and that the other is as long as it must be. */
export function checkLink(previous: FoundSegment, next: FoundSegment): void {
  const { header, path } = next.segment
  if (!equalIds(header.previousId, previous.segment.header.segmentId)) {
    throw corruption(
      path,
      0,
      `a log segment is missing or foreign between this one and ${previous.segment.path}`,
    )
  }
  if (header.baseLsn < previous.segment.baseLsn) {
    throw corruption(path, 0, 'a log segment begins before the one that it follows')
  }
  const { seal } = previous
  if (typeof seal !== 'string') {
    const sameSuccessor = seal.kind === SealKind.closed || equalIds(seal.successorId, header.segmentId)
    if (!sameSuccessor || seal.endLsn !== header.baseLsn || !seal.chainHash.equals(header.chainHash)) {
      throw corruption(path, 0, 'a log segment does not begin where the one before it was sealed', {
        expected: seal.endLsn,
        actual: header.baseLsn,
      })
    }
  }
  const bytesNeeded = previous.segment.fileOffsetOf(header.baseLsn)
  if (previous.fileBytes < bytesNeeded) {
    throw corruption(previous.segment.path, previous.fileBytes, 'a log segment was cut short', {
      expected: bytesNeeded,
      actual: previous.fileBytes,
    })
  }
}

/** Checks that the newest segment there is does not say that another one follows. */
export function checkNothingMissingBehind(last: FoundSegment): void {
  const { seal, segment, fileBytes } = last
  if (typeof seal !== 'string' && seal.kind === SealKind.continued) {
    throw corruption(segment.path, fileBytes, 'the log segment that follows this one is missing')
  }
}

/** Removes what is left of segments whose making or removal was broken off. A failure is of no consequence. */
export function removeUnfinished(vfs: Vfs, directory: string, names: readonly string[]): void {
  for (const name of names) {
    try {
      vfs.remove(joinPath(directory, name))
    } catch (error) {
      if (!isLdbError(error)) throw error
    }
  }
}
