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
}
