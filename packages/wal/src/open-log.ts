import { assert, corruption, isLdbError, LdbError, optionalMember } from '@ldb/base'
import { directoryOf, makeParents } from '@ldb/vfs'
import type { Vfs } from '@ldb/vfs'
import type { CreatedLog, ResolvedWalOptions } from './options.js'
import { recoverLog } from './read/recovery.js'
import type { RecoveredLog, UnsealedSegment } from './read/recovery.js'
import { equalIds } from './segment/header.js'
import { SegmentList } from './segment/list.js'
import { listLogDirectory, removeUnfinished } from './segment/log-directory.js'
import type { LogDirectory } from './segment/log-directory.js'
import { LOG_START } from './segment/log-position.js'
import type { Segment } from './segment/segment.js'
import { sealSegment } from './write/active-segment.js'
import { LogWriter } from './write/log-writer.js'
import { rewriteTail } from './write/tail-copy.js'

/** The parts of an open log. */
export interface OpenedLog {
  readonly segments: SegmentList
  readonly writer: LogWriter
  /** True when the log was closed cleanly and is complete. */
  readonly isClean: boolean
}

/** Recovers the log in a directory, or creates one. Throws as `Wal.open` does. */
export function openLog(vfs: Vfs, directory: string, options: ResolvedWalOptions): OpenedLog {
  const found = listLogDirectory(vfs, directory)
  if (found === undefined || found.segmentNumbers.length === 0) {
    return createLog(vfs, directory, options, found)
  }
  const { ownerId, values, createCipher } = options
  const recovered = recoverLog(vfs, directory, found.segmentNumbers, ownerId, values, createCipher)
  const segments = new SegmentList(recovered.segments, found.nextNumber, createCipher)
  const writer = new LogWriter(vfs, directory, options, segments, recovered.end, recovered.seqFloor)
  const source = segments.newest
  assert(source !== undefined, 'a recovered log has segments')
  if (isContinued(recovered, options.continues)) {
    releaseOnFailure(writer, () => writer.continueSegment(source))
    return { segments, writer, isClean: true }
  }
  if (!recovered.clean) {
    releaseOnFailure(writer, () => {
      options.beforeWriting?.sync()
      options.values?.persist()
      syncSeals(vfs, directory, recovered.unsealed)
      beginAfter(vfs, writer, recovered, source)
    })
    removeUnfinished(vfs, directory, found.unfinishedNames)
  }
  return { segments, writer, isClean: recovered.clean }
}

/**
 * Reports whether a log is the one that this process has created, and nothing was written to it since. Every record of it is on the device
 * then, and its only segment, which no other process has ever written to, is as if this opening had begun it (W1).
 */
function isContinued(recovered: RecoveredLog, created: CreatedLog | undefined): boolean {
  const [segment, next] = recovered.segments
  if (created === undefined || segment === undefined || next !== undefined || recovered.clean) return false
  const { observedEnd, end } = recovered
  const isUnchanged = end.lsn === created.endLsn && observedEnd === created.endLsn
  return isUnchanged && equalIds(segment.header.segmentId, created.segmentId)
}

/** Bytes that must be free, beside those of the copied records, for a segment: its header, and what the file system itself needs. */
const SEGMENT_SPACE_BYTES = 65_536

/**
 * Begins a segment after a log that was left open: it repeats the records that may not be on the device. On a device without space for the
 * copy, which may be as large as a segment, the records are written again in place, and the segment begins after them. What follows the
 * last record, such as preallocated zeros, is removed first: it may be all the space that there is. An error that says so is not enough:
 * it may be transient, and writing in place relies on a device that leaves each sector either old or new.
 */
function beginAfter(vfs: Vfs, writer: LogWriter, recovered: RecoveredLog, source: Segment): void {
  const { synced, end } = recovered
  const tail = synced.lsn < end.lsn ? { source, endLsn: end.lsn } : undefined
  const freeBytes = (): number => optionalMember(vfs, 'freeBytes')?.call(vfs, source.path) ?? Infinity
  const tailBytes = end.lsn - synced.lsn
  if (tail === undefined || tailBytes <= freeBytes() / 2) {
    try {
      writer.begin(synced, tail)
      return
    } catch (error) {
      if (!isLdbError(error, 'LDB_NO_SPACE') || writer.hasSegment) throw error
      if (tail !== undefined && freeBytes() > tailBytes + SEGMENT_SPACE_BYTES) throw error
    }
  }
  removeAfter(vfs, source, recovered.observedEnd)
  if (tail !== undefined) rewriteTail(vfs, tail, synced.lsn)
  writer.begin(end, undefined)
}

/** Truncates the file of a segment after `lsn`. Not synced: until the truncation is durable, the bytes still mean nothing. */
function removeAfter(vfs: Vfs, segment: Segment, lsn: number): void {
  const file = vfs.open(segment.path, 'write')
  try {
    const length = segment.fileOffsetOf(lsn)
    if (file.length() > length) file.truncate(length)
  } finally {
    file.close()
  }
}

function createLog(
  vfs: Vfs,
  directory: string,
  options: ResolvedWalOptions,
  found: LogDirectory | undefined,
): OpenedLog {
  if (options.mustExist) throw corruption(directory, 0, 'the log must exist, but has no segment')
  if (!options.create) throw new LdbError('LDB_NOT_FOUND', `there is no log in ${directory}`)
  if (found === undefined) {
    if (!options.isUnpublished) makeParents(vfs, directory)
    vfs.makeDirectory(directory)
  }
  // An existing directory may stem from an open that failed before this sync.
  if (!options.isUnpublished) vfs.syncDirectory(directoryOf(directory))
  const segments = new SegmentList([], found?.nextNumber ?? 1, options.createCipher)
  const writer = new LogWriter(vfs, directory, options, segments, LOG_START, 0)
  releaseOnFailure(writer, () => writer.begin(LOG_START, undefined))
  removeUnfinished(vfs, directory, found?.unfinishedNames ?? [])
  return { segments, writer, isClean: false }
}

/**
 * Writes and syncs the seals that may not be on the device, before another segment follows: recovery does not check them again after that.
 * Syncs the directory first, because the writer of these segments may have failed before it did.
 */
function syncSeals(vfs: Vfs, directory: string, unsealed: readonly UnsealedSegment[]): void {
  if (unsealed.length === 0) return
  vfs.syncDirectory(directory)
  for (const { segment, seal } of unsealed) sealSegment(vfs, segment, seal)
}

/** Runs a step of opening; closes the writer's files when the step fails. */
function releaseOnFailure(writer: LogWriter, step: () => void): void {
  try {
    step()
  } catch (error) {
    writer.release()
    throw error
  }
}
