import type { DeviceSteps, Syncable } from '@ldb/base'
import type { VfsFile } from '@ldb/vfs'
import { META_STRIDE } from './format.js'
import type { FreeSpace } from './free-space.js'
import { pagesPerBitmap, writeFreeSpace } from './free-space-pages.js'
import { blockOf, encodeMeta } from './meta.js'
import type { Meta } from './meta.js'
import { checksumHigh, checksumLow, slotCount } from './page.js'
import type { Pages } from './pages.js'
import { childChecksumHigh, childChecksumLow, childOf, setChildChecksum } from './record.js'
import type { TreeState } from './tree-state.js'

/** Neighbouring dirty pages are written together, up to this many bytes a call. */
const WRITE_BYTES_MAX = 1 << 20
/** A buffer of this size is not replaced by a larger one. */
const WRITE_BYTES_ENOUGH = 1 << 18

/**
 * Freezes the present tree and hands it to the operating system, all but the meta block; {@link makeDurable} does the rest.
 * Before that, the checkpoint that was found at opening is made sure of, if it is not yet.
 *
 * 1. Checksums are worked out from the leaves up, so that each branch records those of its children.
 * 2. Dirty pages are written in the order of the file.
 * 3. Free space is written as it will be once this checkpoint is durable.
 * 4. The epoch ends: whatever changes from now on is copied first, and is no part of this checkpoint.
 *
 * @param bitmapPages - free-space pages of the checkpoint before; replaced by the new ones.
 * @returns the meta block that is to be written.
 * @internal
 */
export function freezeTree(
  state: TreeState,
  previous: Meta,
  durableSeq: number,
  bitmapPages: number[],
): Meta {
  const { pages, memory } = state
  const { file, freeSpace, reclaim, seed, epoch } = pages
  const { pageBytes } = memory
  pages.confirmation.sync()
  settleTree(state)
  for (const page of bitmapPages) reclaim.giveUp(page, 1, previous.epoch, epoch)
  bitmapPages.length = 0
  let after = freeSpaceAfter(pages)
  while (bitmapPages.length * pagesPerBitmap(pageBytes) < after.pageCount) {
    bitmapPages.push(freeSpace.allocate())
    after = freeSpaceAfter(pages)
  }
  const { pageCount } = after
  const chain = writeFreeSpace(file, seed, { pageBytes, epoch }, after, bitmapPages)
  if (file.length() < pageCount * pageBytes) file.truncate(pageCount * pageBytes)
  reclaim.freeze(epoch)
  pages.epoch = epoch + 1
  pages.writeBuffer = undefined
  return {
    fileId: previous.fileId,
    pageBytes,
    checkpoint: previous.checkpoint + 1,
    epoch,
    durableSeq,
    rootPage: state.root.page,
    rootLevel: state.root.level,
    rootChecksumLow: state.root.checksumLow,
    rootChecksumHigh: state.root.checksumHigh,
    entryCount: state.entryCount,
    runCount: pages.runs.count,
    pageCount,
    freeSpacePage: chain.page,
    freeSpaceChecksumLow: chain.checksumLow,
    freeSpaceChecksumHigh: chain.checksumHigh,
    freeCount: after.freeCount,
  }
}

/**
 * Makes a frozen tree the one that a crash leaves behind, in the order that FORMAT.md argues for: sync, meta block, sync. Then
 * what only the checkpoint before it reached becomes free, and free pages at the end of the file are cut off.
 *
 * @param log - brought to the device before the meta block is written, too.
 * @internal
 */
export function* makeDurable(pages: Pages, meta: Meta, log: Syncable | undefined): DeviceSteps {
  const { file, freeSpace, reclaim, confirmation } = pages
  yield confirmation.fileSync
  if (log !== undefined) yield log
  // Nothing may be built on a write that has failed meanwhile.
  // oxlint-disable-next-line typescript/only-throw-error -- what the write has thrown
  if (pages.writeFailure !== undefined) throw pages.writeFailure
  writeMeta(file, meta)
  yield confirmation.fileSync
  reclaim.advance(meta.epoch)
  const length = freeSpace.trim() * meta.pageBytes
  if (file.length() > length) file.truncate(length)
}

/** Free space as it is once the tree's present state is durable and no snapshot is open, its end cut off. */
function freeSpaceAfter(pages: Pages): FreeSpace {
  const after = pages.freeSpace.clone()
  pages.reclaim.forEachHeld((page, count) => {
    after.free(page, count)
  })
  after.trim()
  return after
}

/** Writes a meta block to its place. @internal */
export function writeMeta(file: VfsFile, meta: Meta): void {
  const bytes = encodeMeta(meta)
  file.write(bytes, 0, bytes.length, blockOf(meta.checkpoint) * META_STRIDE)
}

/** Makes every page of the tree known to its parent by its present checksum, and writes all that are dirty. */
function settleTree(state: TreeState): void {
  const { pages } = state
  const visited: number[] = []
  const root = pages.hold(pages.root(state.root))
  try {
    settlePage(pages, root, state.root.level, visited)
    if (pages.space.isDirty(root / pages.memory.pageBytes)) {
      pages.seal(root)
      visited.push(state.root.page)
    }
    state.root.checksumLow = checksumLow(pages.memory, root)
    state.root.checksumHigh = checksumHigh(pages.memory, root)
  } finally {
    pages.letGo()
  }
  visited.sort((a, b) => a - b)
  writeDirty(pages, visited)
  if (pages.reclaim.pinCount === 0) {
    pages.written.clear()
    pages.hasSettled = false
    return
  }
  // Parents that only snapshots reach still record older checksums of these pages.
  pages.hasSettled = true
  for (const pageNumber of visited) {
    const written = pages.written.get(pageNumber)
    if (written !== undefined) written.settled = true
  }
}

/** Settles the children of the branch at `page`, which is pinned; notes the numbers of all that have changed. */
function settlePage(pages: Pages, page: number, level: number, visited: number[]): void {
  const { memory, space } = pages
  if (level === 0) return
  const count = slotCount(memory, page)
  for (let slot = 0; slot < count; slot += 1) {
    const child = childOf(memory, page, slot)
    const written = pages.written.get(child)
    const frame = space.peek(child)
    const isDirty = frame >= 0 && space.isDirty(frame)
    if (!isDirty && (written === undefined || written.settled)) continue
    let low = written?.low ?? 0
    let high = written?.high ?? 0
    if (isDirty || level > 1) {
      const childPage = pages.child(page, slot, level - 1)
      const childFrame = childPage / memory.pageBytes
      space.pin(childFrame)
      try {
        settlePage(pages, childPage, level - 1, visited)
        if (space.isDirty(childFrame)) pages.seal(childPage)
        low = checksumLow(memory, childPage)
        high = checksumHigh(memory, childPage)
      } finally {
        space.unpin(childFrame)
      }
    }
    visited.push(child)
    if (low === childChecksumLow(memory, page, slot) && high === childChecksumHigh(memory, page, slot))
      continue
    setChildChecksum(memory, page, slot, low, high)
    pages.markDirty(page)
  }
}

/**
 * Gives room for neighbours. It is kept while a checkpoint is written in slices: a new one for each slice made the garbage
 * collector look through everything a dozen times a checkpoint.
 */
function writeBufferOf(pages: Pages, byteCount: number): Uint8Array {
  const kept = pages.writeBuffer
  if (kept !== undefined && kept.length >= Math.min(byteCount, WRITE_BYTES_ENOUGH)) return kept
  const buffer = new Uint8Array(byteCount)
  pages.writeBuffer = buffer
  return buffer
}

/** Writes those of the sealed pages, sorted, that are still dirty, neighbours together. @internal */
export function writeDirty(pages: Pages, sorted: readonly number[]): void {
  const { memory, space, file } = pages
  const { pageBytes } = memory
  const buffer = writeBufferOf(pages, Math.min(WRITE_BYTES_MAX, Math.max(1, sorted.length) * pageBytes))
  const room = Math.floor(buffer.length / pageBytes)
  let start = 0
  let filled = 0
  const flush = (): void => {
    if (filled > 0) file.write(buffer, 0, filled * pageBytes, start * pageBytes)
    for (let pageNumber = start; pageNumber < start + filled; pageNumber += 1)
      space.markClean(space.peek(pageNumber))
    filled = 0
  }
  for (const pageNumber of sorted) {
    const frame = space.peek(pageNumber)
    if (frame < 0 || !space.isDirty(frame)) continue
    if (filled === room || (filled > 0 && pageNumber !== start + filled)) flush()
    if (filled === 0) start = pageNumber
    const page = frame * pageBytes
    buffer.set(memory.bytes.subarray(page, page + pageBytes), filled * pageBytes)
    pages.noteWritten(pageNumber, page)
    filled += 1
  }
  flush()
}
