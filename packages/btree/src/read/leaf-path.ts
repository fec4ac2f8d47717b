import type { Pages } from '../pager/pages.js'
import type { Root } from '../pager/root.js'

/** Returns the offset of the leaf to which the slots of a path lead. @internal */
export function leafOfPath(pages: Pages, root: Root, path: Int32Array): number {
  let page = pages.reader.root(root)
  for (let depth = 0, level = root.level; level > 0; depth += 1, level -= 1) {
    page = pages.reader.child(page, path[depth] as number, level - 1)
  }
  return page
}
