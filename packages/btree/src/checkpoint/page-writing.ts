import type { Pages } from '../pager/pages.js'

/**
 * Neighbouring dirty pages are written together, up to this many bytes a call. Linux may keep what one call writes as one piece
 * of its cache, and then goes through all of it whenever a page in it is written again.
 */
const WRITE_BYTES_MAX = 1 << 16

/** Gives room for neighbours, kept while a checkpoint is on its way. */
function writeBufferOf(pages: Pages): Uint8Array {
  pages.writeBuffer ??= new Uint8Array(Math.max(WRITE_BYTES_MAX, pages.memory.pageBytes))
  return pages.writeBuffer
}

/**
 * Writes those of the sealed pages, sorted, that are still dirty, neighbours together.
 *
 * @param areSettled - they record the checksums of all pages below them.
 * @internal
 */
export function writeDirty(pages: Pages, sorted: readonly number[], areSettled: boolean): void {
  const { memory, space, file, metaRewrite } = pages
  const { pageBytes } = memory
  const buffer = writeBufferOf(pages)
  const room = Math.floor(buffer.length / pageBytes)
  let start = 0
  let filled = 0
  const flush = (): void => {
    if (filled > 0) {
      file.write(buffer, 0, filled * pageBytes, start * pageBytes)
      metaRewrite.fileSync.noteWritten(filled * pageBytes)
    }
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
    pages.noteWritten(pageNumber, page, areSettled)
    filled += 1
  }
  flush()
}
