import { metaCopyEnd, metaCopyPage } from '../format.js'
import type { Pages } from '../pager/pages.js'
import type { FreeSpace } from '../space/free-space.js'
import type { VerifyReport } from './verify-report.js'

const SEVEN = 7
/** Pages that are compared with the free space in one step. */
const STEP_PAGES = 65_536

/**
 * Accounts for the pages of a file as they are at its construction: each is reachable, pending or free, and only one of these (B2).
 *
 * @internal
 */
export class PageAccounting {
  /** Pages that are neither in use nor free; filled by {@link PageAccounting.compareWithFreeSpace}. */
  readonly leaked: number[] = []
  /** Pages that are in use and free at once. */
  readonly inUseAndFree: number[] = []
  /** Pages that are pending: replaced, but reached by a snapshot or a checkpoint. */
  readonly pendingCount: number
  readonly #pageBytes: number
  readonly #report: VerifyReport
  readonly #freeSpace: FreeSpace
  /** A bit for each page that is reachable or pending. */
  readonly #inUse: Uint8Array

  constructor({ freeSpace, reclaim, limits }: Pages, report: VerifyReport) {
    this.#pageBytes = limits.pageBytes
    this.#report = report
    this.#freeSpace = freeSpace.clone()
    this.#inUse = new Uint8Array((freeSpace.pageCount >>> 3) + 1)
    // The copy of the meta block is in use.
    const { pageBytes } = limits
    this.reach(metaCopyPage(pageBytes), metaCopyEnd(pageBytes) - metaCopyPage(pageBytes))
    let pendingCount = 0
    reclaim.forEachPending((page, count) => {
      if (!this.reach(page, count)) return
      pendingCount += count
      report.locate('pending', page, count)
    })
    this.pendingCount = pendingCount
  }

  /** Pages of the file, the meta region included. */
  get pageCount(): number {
    return this.#freeSpace.pageCount
  }

  /** Marks pages as in use. Returns false, with a finding, when one is so already or is outside of the file. */
  reach(page: number, count: number): boolean {
    const inUse = this.#inUse
    for (let each = page; each < page + count; each += 1) {
      const bit = 1 << (each & SEVEN)
      if (each >= this.pageCount || ((inUse[each >>> 3] as number) & bit) !== 0) {
        this.#report.add(
          'structure',
          this.#offsetOf(each),
          `page ${each} is reached twice or is outside of the file`,
        )
        return false
      }
      inUse[each >>> 3] = (inUse[each >>> 3] as number) | bit
    }
    return true
  }

  /**
   * Compares the pages in use with the free space, in steps.
   *
   * @param isComplete - every reachable page was marked, so that the others are free or leaked.
   * @returns the number of free pages.
   */
  *compareWithFreeSpace(isComplete: boolean): Generator<void, number> {
    const freeSpace = this.#freeSpace
    let freeCount = 0
    let freeStart = 0
    for (let page = freeSpace.firstPage; page < freeSpace.pageCount; page += 1) {
      if (page % STEP_PAGES === 0) yield
      const isInUse = ((this.#inUse[page >>> 3] as number) & (1 << (page & SEVEN))) !== 0
      const isFree = freeSpace.isFree(page)
      if (isInUse && isFree) {
        this.inUseAndFree.push(page)
        this.#report.add('structure', this.#offsetOf(page), `page ${page} is in use and free at once`)
      } else if (isFree) {
        freeCount += 1
        if (page === freeSpace.firstPage || !freeSpace.isFree(page - 1)) freeStart = page
        if (!freeSpace.isFree(page + 1)) this.#report.locate('free', freeStart, page + 1 - freeStart)
      } else if (!isInUse) {
        this.leaked.push(page)
        this.#report.locate('unreached', page)
        if (!isComplete) continue
        this.#report.add('leak', this.#offsetOf(page), `page ${page} is neither in use nor free`, 'warning')
      }
    }
    return freeCount
  }

  #offsetOf(page: number): number {
    return page * this.#pageBytes
  }
}
