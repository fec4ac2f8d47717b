import type { PageSpace, PageWindow } from '@ldb/cache'
import type { Root } from '../pager/root.js'
import { TreeSnapshot } from './snapshot.js'

/**
 * What a host that shares the memory of the engine needs to read the present tree by itself, as FORMAT.md describes its pages. Made by
 * `BTree.window`.
 *
 * @category B+tree
 */
export class TreeWindow {
  /** Where the resident pages are. */
  readonly pages: PageWindow
  /** Page number of the root. */
  rootPage: number
  /** Level of the root, 0 when it is a leaf. */
  rootLevel: number
  readonly #root: Root

  private constructor(pages: PageWindow, root: Root) {
    this.pages = pages
    this.rootPage = root.page
    this.rootLevel = root.level
    this.#root = root
  }

  /** @internal */
  static open(space: PageSpace, root: Root): TreeWindow | undefined {
    const pages = space.window()
    return pages === undefined ? undefined : new TreeWindow(pages, root)
  }

  /** Returns the root of the state that a snapshot of a tree reads, until the tree changes; `undefined` for another store's. */
  static rootOf(snapshot: object): { readonly page: number; readonly level: number } | undefined {
    return snapshot instanceof TreeSnapshot && !snapshot.released ? snapshot.root : undefined
  }

  /** Updates the fields. Returns true when the root or an array has changed. */
  refresh(): boolean {
    const { page, level } = this.#root
    const isChanged = this.pages.refresh()
    if (!isChanged && this.rootPage === page && this.rootLevel === level) return false
    this.rootPage = page
    this.rootLevel = level
    return true
  }
}
