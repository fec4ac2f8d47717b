/**
 * Writes back the dirty pages of one file. The owner of the file implements it.
 *
 * @category Page cache
 */
export interface PageWriter {
  /**
   * Writes the page in `frame`, whose bytes start at `offset` of the view of its arena, to the file.
   *
   * Throws when the write fails. The page then stays resident and dirty.
   */
  writePage(pageNumber: number, frame: number, offset: number): void

  /**
   * Receives the view of an arena that the cache adds, or that replaces the first one, with the same content at the same offsets. The
   * replaced one must not be accessed any more.
   */
  replaceArena?(arena: number, bytes: Uint8Array): void
}
