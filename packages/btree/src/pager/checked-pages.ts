/** Initial size in words: enough for 16 MiB of pages of 8 KiB. */
const WORDS_MIN = 64

/**
 * The pages of a file whose structure this process has checked, or which it has written itself.
 *
 * @remarks The checksum alone then proves the content of such a page on every later load: its parent records the checksum, and
 * equal bytes have an equal structure. No page is ever removed, because this process itself writes the next content of a page
 * number that it frees. Takes one bit for each page up to the highest one.
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
