import type { Root } from '../pager/root.js'

/** The snapshot that a cursor reads. @internal */
export interface CursorSource {
  readonly root: Root
  readonly released: boolean
}
