/**
 * Writes back the dirty pages of one file. The owner of the file implements it.
 *
 * @category Page cache
 */
export interface PageWriter {
  /**
   * Writes the page in `frame`, whose bytes start at `arena[offset]`, to the file.
   *
   * Throws when the write fails. The page then stays resident and dirty.
   */
  writePage(pageNumber: number, frame: number, offset: number): void

  /**
   * Receives the buffer that replaces the arena when it grows. Its content and all offsets are the same; the old buffer must not be
   * accessed any more.
   */
  replaceArena?(bytes: Uint8Array): void
}
