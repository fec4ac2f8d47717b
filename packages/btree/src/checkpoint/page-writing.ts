import { UnitKind } from '@ldb/integrity'
import type { Pages } from '../pager/pages.js'

/**
 * Writes those of the given pages that are still dirty, adjacent pages with one call. Their checksums are up to date.
 *
 * @param sorted - page numbers in ascending order.
 * @param arePropagated - the pages record the checksums of all pages below them.
 * @internal
 */
export function writeDirty(pages: Pages, sorted: readonly number[], arePropagated: boolean): void {
  const { arenas, limits, space, file, codec, metaRewrite } = pages
  const { pageBytes } = limits
  const buffer = pages.writeBack.batchBuffer()
  const capacity = Math.floor(buffer.length / pageBytes)
  let start = 0
  let count = 0
  const flush = (): void => {
    if (count > 0) {
      file.write(buffer, 0, count * pageBytes, start * pageBytes)
      metaRewrite.fileSync.recordWrite(count * pageBytes)
    }
    for (let pageNumber = start; pageNumber < start + count; pageNumber += 1)
      space.markClean(space.peek(pageNumber))
    count = 0
  }
  for (const pageNumber of sorted) {
    const frame = space.peek(pageNumber)
    if (frame < 0 || !space.isDirty(frame)) continue
    if (count === capacity || (count > 0 && pageNumber !== start + count)) flush()
    if (count === 0) start = pageNumber
    const page = arenas.pageOf(frame)
    const { bytes } = arenas.of(page)
    const position = pageNumber * pageBytes
    codec.encode(UnitKind.Page, position, 0, bytes, page, pageBytes, buffer, count * pageBytes)
    pages.writeBack.recordWrite(pageNumber, page, arePropagated)
    count += 1
  }
  flush()
}
