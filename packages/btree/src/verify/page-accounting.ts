import type { Pages } from '../pager/pages.js'
import type { VerifyReport } from './verify-report.js'

/** Accounts for the pages of a file: each is reachable, pending or free, and only one of these (B2). @internal */
export class PageAccounting {
  readonly #pages: Pages
  readonly #report: VerifyReport
  /** 1 for each page that is reachable or pending. */
  readonly #inUse: Uint8Array

  constructor(pages: Pages, report: VerifyReport) {
    this.#pages = pages
    this.#report = report
    this.#inUse = new Uint8Array(pages.freeSpace.pageCount)
  }

  /** Marks pages as in use. Returns false, with a finding, when one is so already or is outside of the file. */
  reach(page: number, count: number): boolean {
    const inUse = this.#inUse
    for (let each = page; each < page + count; each += 1) {
      if (each >= inUse.length || inUse[each] !== 0) {
        this.#report.add(
          'structure',
          this.#offsetOf(each),
          `page ${each} is reached twice or is outside of the file`,
        )
        return false
      }
      inUse[each] = 1
    }
    return true
  }

  /** Compares the pages in use with the free space. Every reachable page must have been marked. */
  compareWithFreeSpace(): void {
    const { freeSpace, reclaim } = this.#pages
    reclaim.forEachPending((page, count) => this.reach(page, count))
    for (let page = freeSpace.firstPage; page < freeSpace.pageCount; page += 1) {
      const isInUse = this.#inUse[page] !== 0
      if (isInUse && freeSpace.isFree(page)) {
        this.#report.add('structure', this.#offsetOf(page), `page ${page} is in use and free at once`)
      } else if (!isInUse && !freeSpace.isFree(page)) {
        this.#report.add('leak', this.#offsetOf(page), `page ${page} is neither in use nor free`)
      }
    }
  }

  #offsetOf(page: number): number {
    return page * this.#pages.limits.pageBytes
  }
}
