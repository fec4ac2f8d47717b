/** Words to begin with: pages of 16 MiB at 8 KiB. */
const WORDS_MIN = 64

/**
 * Which pages of a file this process has checked by their own bytes, or written itself.
 *
 * @remarks What is in such a page is told by its checksum alone, which its parent records and which is compared each time
 * the page comes from the file: equal bytes need no second look. A page number that is given up comes back with content
 * that this process makes, so that nothing is ever taken out. Takes a bit a page, up to the highest page that is in it.
 * @internal
 */
export class CheckedPages {
  #words: Int32Array = new Int32Array(WORDS_MIN)

  has(page: number): boolean {
    const word = page >>> 5
    return word < this.#words.length && (((this.#words[word] as number) >>> (page & 31)) & 1) === 1
  }

  add(page: number): void {
    const word = page >>> 5
    if (word >= this.#words.length) {
      const grown = new Int32Array(Math.max(word + 1, this.#words.length * 2))
      grown.set(this.#words)
      this.#words = grown
    }
    this.#words[word] = (this.#words[word] as number) | (1 << (page & 31))
  }
}
