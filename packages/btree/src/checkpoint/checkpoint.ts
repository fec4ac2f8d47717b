import type { DeviceSteps, Syncable } from '@ldb/base'
import type { FreeSpace } from '../space/free-space.js'
import { pagesPerBitmap, writeFreeSpace } from '../file/free-space-pages.js'
import { passOn } from '../space/pending-free-list.js'
import type { HeldSpan } from '../space/pending-free-list.js'
import { LeafWriting } from './leaf-writing.js'
import { writeMeta } from '../file/meta.js'
import type { Meta } from '../file/meta.js'
import type { Pages } from '../pager/pages.js'
import type { Root } from '../pager/root.js'
import { ChecksumPropagation } from './checksum-propagation.js'
import type { TreeState } from '../write/tree-state.js'
import { SLICE_TRUNCATED_BYTES, SLICE_SPANS, SLICE_STEPS } from '../space/time-slices.js'

/** A tree of an epoch that has ended: what a checkpoint writes down. @internal */
export interface FrozenTree {
  /** The meta block that is to be written, but for what is known only when all else is. */
  readonly meta: Meta
  readonly root: Root
  /** What is free now. */
  readonly freeSpace: FreeSpace
  /** What is free besides, once this checkpoint is durable and no snapshot is open. */
  readonly held: readonly HeldSpan[]
}

/** What the steps of a checkpoint work with. @internal */
export interface CheckpointParts {
  readonly state: TreeState
  /** Free-space pages of the checkpoint; filled by its steps. */
  readonly bitmapPages: number[]
  /** Brought to the device before the meta block is written, too: the log of what is in the checkpoint. */
  readonly log: Syncable | undefined
  /** Waited for where something else may have its turn. */
  readonly turn: Syncable | undefined
}

/**
 * Freezes the present tree: its epoch ends, and whatever changes from now on is copied first. Writes nothing, and takes a copy
 * of the free-space bits, 1/65,536 of the file.
 *
 * @param bitmapPages - free-space pages of the checkpoint before; emptied.
 * @internal
 */
export function freezeTree(
  state: TreeState,
  previous: Meta,
  durableSeq: number,
  bitmapPages: number[],
): FrozenTree {
  const { pages } = state
  const { freeSpace, reclaim } = pages
  const epoch = pages.epoch.current
  for (const page of bitmapPages) reclaim.retire(page, 1, previous.epoch, epoch)
  bitmapPages.length = 0
  const root = { ...state.root }
  const meta: Meta = {
    ...previous,
    checkpoint: previous.checkpoint + 1,
    epoch,
    durableSeq,
    rootPage: root.page,
    rootLevel: root.level,
    entryCount: state.entryCount,
    runCount: pages.extents.count,
  }
  const held = reclaim.freeze(epoch)
  pages.pendingChecksums.beginPropagation(epoch)
  pages.epoch.advance()
  return { meta, root, freeSpace: freeSpace.clone(), held }
}

/**
 * Writes a frozen tree down and makes it the one that a crash leaves behind.
 *
 * 1. The checkpoint that was found at opening is made sure of, if it is not yet.
 * 2. Changed leaves are written, in the order of the file. Checksums are worked out from them up, so that each branch records
 *    those of its children, and the branches are written.
 * 3. Free space is written as it will be once this checkpoint is durable.
 * 4. Sync, meta block, sync, as FORMAT.md argues. Then what only the checkpoint before reached becomes free, and free pages at the
 *    end of the file are cut off.
 *
 * Everything is done a little at a time, about a millisecond, and nothing in between depends on what is changed meanwhile.
 *
 * @returns the meta block that was written.
 * @internal
 */
export function* writeFrozen(frozen: FrozenTree, parts: CheckpointParts): Generator<Syncable, Meta, void> {
  const { pages } = parts.state
  yield pages.metaRewrite
  const settled = yield* settleFrozen(frozen, parts)
  const meta = yield* writeFree({ ...frozen.meta, ...settled }, frozen, parts)
  yield* forgetSettled(pages, parts.turn)
  yield* makeDurable(pages, meta, parts)
  pages.writeBack.releaseBatchBuffer()
  return meta
}

function* settleFrozen(
  { root }: FrozenTree,
  { state, turn }: CheckpointParts,
): Generator<Syncable, Pick<Meta, 'rootChecksumLow' | 'rootChecksumHigh'>, void> {
  const { pages } = state
  const leaves = new LeafWriting(pages)
  while (!leaves.run()) if (turn !== undefined) yield turn
  const settling = new ChecksumPropagation(pages, root)
  try {
    while (!settling.run(SLICE_STEPS)) if (turn !== undefined) yield turn
  } finally {
    settling.release()
  }
  pages.pendingChecksums.endPropagation(pages.epoch.current)
  const { checksumLow, checksumHigh } = settling
  if (state.root.page === root.page) {
    state.root.checksumLow = checksumLow
    state.root.checksumHigh = checksumHigh
  }
  return { rootChecksumLow: checksumLow, rootChecksumHigh: checksumHigh }
}

/** Writes free space as it is once the frozen tree is durable and no snapshot is open, its end cut off. */
function* writeFree(
  meta: Meta,
  { freeSpace: after, held }: FrozenTree,
  { state, bitmapPages, turn }: CheckpointParts,
): Generator<Syncable, Meta, void> {
  const { file, freeSpace, seed } = state.pages
  const { pageBytes, epoch } = meta
  for (const span of held) {
    while (span.next < span.end) {
      passOn(span, SLICE_SPANS, (page, count) => {
        after.free(page, count)
      })
      if (turn !== undefined) yield turn
    }
  }
  // Other pages may have been taken meanwhile. Those that are free now are free after the checkpoint, too.
  after.trim()
  while (bitmapPages.length * pagesPerBitmap(pageBytes) < after.pageCount) {
    const page = freeSpace.allocate()
    after.take(page)
    bitmapPages.push(page)
  }
  const { pageCount, freeCount } = after
  const chain = yield* writeFreeSpace(file, seed, { pageBytes, epoch }, after, bitmapPages, turn)
  if (file.length() < pageCount * pageBytes) file.truncate(pageCount * pageBytes)
  return {
    ...meta,
    pageCount,
    freeSpacePage: chain.page,
    freeSpaceChecksumLow: chain.checksumLow,
    freeSpaceChecksumHigh: chain.checksumHigh,
    freeCount,
  }
}

function* forgetSettled(pages: Pages, turn: Syncable | undefined): DeviceSteps {
  while (!pages.dropPropagatedChecksums()) if (turn !== undefined) yield turn
}

function* makeDurable(pages: Pages, meta: Meta, { log, turn }: CheckpointParts): DeviceSteps {
  const { file, freeSpace, reclaim, metaRewrite } = pages
  yield metaRewrite.fileSync
  if (log !== undefined) yield log
  // Nothing may be built on a write that has failed meanwhile.
  // oxlint-disable-next-line typescript/only-throw-error -- what the write has thrown
  if (pages.writeBack.failure !== undefined) throw pages.writeBack.failure
  writeMeta(file, meta)
  yield metaRewrite.fileSync
  while (!reclaim.advance(meta.epoch, SLICE_SPANS)) if (turn !== undefined) yield turn
  while (!reclaim.sift(SLICE_SPANS)) if (turn !== undefined) yield turn
  // What is taken meanwhile may lie behind the end.
  for (;;) {
    const length = freeSpace.trim() * meta.pageBytes
    const present = file.length()
    if (present <= length) return
    file.truncate(Math.max(length, turn === undefined ? length : present - SLICE_TRUNCATED_BYTES))
    if (turn !== undefined) yield turn
  }
}
