const PAGE_BYTES = 4096

interface Page {
  /** The copy that may change it in place; all others copy it first. */
  readonly owner: object
  readonly bytes: Uint8Array
}

/** Sparse content of a file, with copy-on-write sharing of pages between copies. */
export class PagedBytes {
  readonly #pages: Map<number, Page>
  #owner: object
  #length: number

  constructor() {
    this.#pages = new Map()
    this.#owner = {}
    this.#length = 0
  }

  get length(): number {
    return this.#length
  }

  /** Returns a copy. Cost: one map entry a page. */
  clone(): PagedBytes {
    const copy = new PagedBytes()
    for (const [index, page] of this.#pages) copy.#pages.set(index, page)
    copy.#length = this.#length
    this.#owner = {}
    return copy
  }

  /** Reads up to `byteCount` bytes. Returns the number of bytes read. */
  read(target: Uint8Array, targetOffset: number, byteCount: number, offset: number): number {
    const total = Math.max(0, Math.min(byteCount, this.#length - offset))
    for (let done = 0; done < total;) {
      const start = offset + done
      const inPage = start % PAGE_BYTES
      const count = Math.min(total - done, PAGE_BYTES - inPage)
      const page = this.#pages.get((start - inPage) / PAGE_BYTES)
      const at = targetOffset + done
      if (page === undefined) target.fill(0, at, at + count)
      else target.set(page.bytes.subarray(inPage, inPage + count), at)
      done += count
    }
    return total
  }

  /** Returns the whole content in a new array. */
  toBytes(): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(this.#length)
    this.read(bytes, 0, bytes.length, 0)
    return bytes
  }

  /** Writes all of `source`. Extends the length if necessary. */
  write(source: Uint8Array, offset: number): void {
    for (let done = 0; done < source.length;) {
      const start = offset + done
      const inPage = start % PAGE_BYTES
      const count = Math.min(source.length - done, PAGE_BYTES - inPage)
      this.#ownPage((start - inPage) / PAGE_BYTES).set(source.subarray(done, done + count), inPage)
      done += count
    }
    this.#length = Math.max(this.#length, offset + source.length)
  }

  /** Writes zeros from `start` to `end`. Extends the length if necessary. */
  zero(start: number, end: number): void {
    for (let at = start; at < end;) {
      const inPage = at % PAGE_BYTES
      const index = (at - inPage) / PAGE_BYTES
      const count = Math.min(end - at, PAGE_BYTES - inPage)
      if (count === PAGE_BYTES) this.#pages.delete(index)
      else if (this.#pages.has(index)) this.#ownPage(index).fill(0, inPage, inPage + count)
      at += count
    }
    this.#length = Math.max(this.#length, end)
  }

  /** Truncates, or extends with zeros. */
  resize(length: number): void {
    if (length < this.#length) {
      const inPage = length % PAGE_BYTES
      const firstGone = (length - inPage) / PAGE_BYTES + (inPage === 0 ? 0 : 1)
      for (const index of this.#pages.keys()) if (index >= firstGone) this.#pages.delete(index)
      if (inPage > 0 && this.#pages.has(firstGone - 1)) this.#ownPage(firstGone - 1).fill(0, inPage)
    }
    this.#length = length
  }

  #ownPage(index: number): Uint8Array {
    const page = this.#pages.get(index)
    if (page?.owner === this.#owner) return page.bytes
    const bytes = page === undefined ? new Uint8Array(PAGE_BYTES) : page.bytes.slice()
    this.#pages.set(index, { owner: this.#owner, bytes })
    return bytes
  }
}
