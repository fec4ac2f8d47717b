import { NO_SEGMENT_ID } from '@ldb/base'
import type { StoreLog, TaskSteps, Syncable } from '@ldb/base'
import { allocateFreeSpacePages, metaLinks, writeFreeSpace } from '../file/free-space-pages.js'
import type { FreeSpacePages } from '../file/free-space-pages.js'
import type { Meta } from '../file/meta.js'
import { writeMeta } from '../file/meta-blocks.js'
import type { Pages } from '../pager/pages.js'
import type { Root } from '../pager/root.js'
import type { FreeSpace } from '../space/free-space.js'
import { drainSpan } from '../space/pending-free-list.js'
import type { PendingSpan } from '../space/pending-free-list.js'
import { SLICE_SPANS, SLICE_STEPS, SLICE_TRUNCATED_BYTES } from '../space/time-slices.js'
import type { TreeState } from '../write/tree-state.js'
import { ChecksumPropagation } from './checksum-propagation.js'
import { LeafWriting } from './leaf-writing.js'

/** The tree of an epoch that has ended: the content of a checkpoint. @internal */
export interface FrozenTree {
  /** The meta block, except for the fields that are known only after the pages are written. */
  readonly meta: Meta
  readonly root: Root
  /** Free space at the time of the freeze. */
  readonly freeSpace: FreeSpace
  /** Pages that are free in addition once this checkpoint is durable and no snapshot is open. */
  readonly pending: readonly PendingSpan[]
}

/** Input of the steps of a checkpoint. @internal */
export interface CheckpointParts {
  readonly state: TreeState
  /** Receives the free-space pages of the checkpoint. */
  readonly freeSpacePages: FreeSpacePages
  /** The log of the commits in the checkpoint: it is synced before the meta block is written (C6). */
  readonly log: StoreLog | undefined
  /** Yielded about every millisecond, to let other work run; `undefined` when the checkpoint runs without interruption. */
  readonly timeSlice: Syncable | undefined
}

/**
 * Freezes the present tree: its epoch ends, and later changes copy its pages first. Writes nothing, and copies the free-space
 * bits, 1/65,536 of the file.
 *
 * @param freeSpacePages - free-space pages of the previous checkpoint; cleared.
 * @internal
 */
export function freezeTree(
  state: TreeState,
  previous: Meta,
  durableSeq: number,
  freeSpacePages: FreeSpacePages,
): FrozenTree {
  const { pages } = state
  const { freeSpace, reclaim } = pages
  const epoch = pages.epoch.current
  for (const list of [freeSpacePages.pages, freeSpacePages.mirrors]) {
    for (const page of list) reclaim.retire(page, 1, previous.epoch, epoch)
    list.length = 0
  }
  const root = { ...state.root }
  const meta: Meta = {
    ...previous,
    checkpoint: previous.checkpoint + 1,
    epoch,
    durableSeq,
    rootPage: root.page,
    rootLevel: root.level,
    entryCount: state.entryCount,
    extentCount: pages.extents.count,
    hasEncodedValues: pages.encodedValues.isUsed,
    dictionaries: pages.dictionaries.reference,
  }
  const pending = reclaim.freeze(epoch)
  pages.pendingChecksums.beginPropagation(epoch)
  pages.epoch.advance()
  return { meta, root, freeSpace: freeSpace.clone(), pending }
}

/**
 * Writes a frozen tree and makes it durable.
 *
 * 1. Completes the meta rewrite, if it is not complete.
 * 2. Writes the dirty leaves in file order. Propagates their checksums upwards, so that each branch records those of its
 *    children, and writes the branches.
 * 3. Writes the free space, and its mirror, as it will be once this checkpoint is durable.
 * 4. Syncs, writes the meta block and its copy, and syncs (FORMAT.md has the argument). Then releases the pages that only the previous
 *    checkpoint reached, and truncates free pages at the end of the file.
 *
 * Yields a time slice about every millisecond. No step depends on changes of the present tree in between.
 *
 * @returns the written meta block.
 * @internal
 */
export function* writeFrozen(frozen: FrozenTree, parts: CheckpointParts): Generator<Syncable, Meta, void> {
  const { pages } = parts.state
  yield pages.metaRewrite
  const rootChecksum = yield* writeTree(frozen, parts)
  const written = yield* writeFree({ ...frozen.meta, ...rootChecksum }, frozen, parts)
  yield* forgetChecksums(pages, parts.timeSlice)
  const meta = yield* makeDurable(pages, written, parts)
  pages.writeBack.releaseBatchBuffer()
  return meta
}

function* writeTree(
  { root }: FrozenTree,
  { state, timeSlice }: CheckpointParts,
): Generator<Syncable, Pick<Meta, 'rootChecksumLow' | 'rootChecksumHigh'>, void> {
  const { pages } = state
  const leaves = new LeafWriting(pages)
  while (!leaves.step()) if (timeSlice !== undefined) yield timeSlice
  const propagation = new ChecksumPropagation(pages, root)
  try {
    while (!propagation.step(SLICE_STEPS)) if (timeSlice !== undefined) yield timeSlice
  } finally {
    propagation.release()
  }
  pages.pendingChecksums.endPropagation(pages.epoch.current)
  const { checksumLow, checksumHigh } = propagation
  if (state.root.page === root.page) {
    state.root.checksumLow = checksumLow
    state.root.checksumHigh = checksumHigh
  }
  return { rootChecksumLow: checksumLow, rootChecksumHigh: checksumHigh }
}

/** Writes the free space as it is once the frozen tree is durable and no snapshot is open, without free pages at its end. */
function* writeFree(
  meta: Meta,
  { freeSpace: after, pending }: FrozenTree,
  { state, freeSpacePages, timeSlice }: CheckpointParts,
): Generator<Syncable, Meta, void> {
  const { file, freeSpace, codec } = state.pages
  const { pageBytes, epoch } = meta
  for (const span of pending) {
    while (span.next < span.end) {
      drainSpan(span, SLICE_SPANS, (page, count) => {
        after.free(page, count)
      })
      if (timeSlice !== undefined) yield timeSlice
    }
  }
  after.trim()
  // Writes since the freeze may have allocated pages that `after` counts as free. A page that is free now is free in both.
  allocateFreeSpacePages(pageBytes, pageBytes - codec.trailerBytes, freeSpace, freeSpacePages, after)
  const { pageCount, freeCount } = after
  const first = yield* writeFreeSpace(file, codec, { pageBytes, epoch }, after, freeSpacePages, timeSlice)
  if (file.length() < pageCount * pageBytes) file.truncate(pageCount * pageBytes)
  return {
    ...meta,
    pageCount,
    ...metaLinks(first),
    freeCount,
  }
}

function* forgetChecksums(pages: Pages, timeSlice: Syncable | undefined): TaskSteps {
  while (!pages.dropPropagatedChecksums()) if (timeSlice !== undefined) yield timeSlice
}

/** @returns the meta block as written: with the newest log segment, which the sync of the log determines. */
function* makeDurable(
  pages: Pages,
  written: Meta,
  { log, timeSlice }: CheckpointParts,
): Generator<Syncable, Meta, void> {
  const { file, codec, freeSpace, reclaim, metaRewrite } = pages
  yield metaRewrite.fileSync
  if (pages.newEntries !== undefined) yield pages.newEntries
  if (log !== undefined) yield log
  // An eviction may have failed to write a page in the meantime (C3).
  // oxlint-disable-next-line typescript/only-throw-error -- the error of that write
  if (pages.writeBack.failure !== undefined) throw pages.writeBack.failure
  const meta: Meta = { ...written, logSegmentId: log?.segmentId ?? NO_SEGMENT_ID }
  writeMeta(file, codec, meta)
  yield metaRewrite.fileSync
  while (!reclaim.advance(meta.epoch, SLICE_SPANS)) if (timeSlice !== undefined) yield timeSlice
  while (!reclaim.sweep(SLICE_SPANS)) if (timeSlice !== undefined) yield timeSlice
  // Other work may extend the file again between two time slices.
  for (;;) {
    const length = freeSpace.trim() * meta.pageBytes
    const present = file.length()
    if (present <= length) return meta
    file.truncate(Math.max(length, timeSlice === undefined ? length : present - SLICE_TRUNCATED_BYTES))
    if (timeSlice !== undefined) yield timeSlice
  }
}
