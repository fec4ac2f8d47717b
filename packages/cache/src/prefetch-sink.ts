/**
 * What the cache needs from the owner of a file: to write a dirty page down before its frame is used again.
 *
 * @category Page cache
 */
export interface PageWriter {
  /** Writes the page that starts at `arena[offset]`. Throws when it cannot; the page then stays where it is. */
  writePage(pageNumber: number, frame: number, offset: number): void
}
