import type { Pages } from '../pager/pages.js'

/**
 * Writes those of the sealed pages, sorted, that are still dirty, neighbours together.
 *
 * @param areSettled - they record the checksums of all pages below them.
 * @internal
 */
export function writeDirty(pages: Pages, sorted: readonly number[], areSettled: boolean): void {
  const { memory, space, file, metaRewrite } = pages
  const { pageBytes } = memory
  const buffer = pages.writeBack.batchBuffer()
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
    pages.writeBack.noteWritten(pageNumber, page, areSettled)
    filled += 1
  }
  flush()
}
