import { BTree, TreeWindow } from '@ldb/btree'
import type { Cursor } from './cursor.js'
import type { KeyspaceReads } from './keyspace-reads.js'
import { LiveSource } from './read-source.js'

/**
 * The resident pages of a keyspace, for a host that shares the memory of the engine and answers gets without a call of it.
 *
 * @remarks The pages are those of the present state after a call of {@link ReadWindow.refresh}, until the next call of the database, a timer
 * or a job runs. The C library of `@ldb/ffi` is such a host; its SPEC.md has the rules. A keyspace has no window when its entries are not in a B+tree,
 * when values may have headers (they may expire, or be in blob files), or with a cache above 2 GiB.
 * @category Hosts
 */
export class ReadWindow {
  /** The tree, and the arrays of its pages. */
  readonly tree: TreeWindow
  readonly #source: LiveSource
  readonly #store: BTree

  private constructor(source: LiveSource, store: BTree, tree: TreeWindow) {
    this.#source = source
    this.#store = store
    this.tree = tree
  }

  /** Opens the window of a keyspace; `undefined` when it has none. @throws {@link LdbError} LDB_CLOSED, LDB_NOT_FOUND, LDB_POISONED. */
  static open<K, V>(reads: KeyspaceReads<K, V>): ReadWindow | undefined {
    const { source } = reads
    if (!(source instanceof LiveSource)) return undefined
    source.assertReadable()
    const { store } = source.keyspace
    if (!(store instanceof BTree)) return undefined
    const tree = store.window()
    return tree === undefined ? undefined : new ReadWindow(source, store, tree)
  }

  /**
   * Returns page number and level of the root of the tree that a cursor reads, which the pages of the window of its keyspace contain until the
   * next call of the database, a timer or a job runs; `undefined` when it reads no tree alone.
   *
   * @throws {@link LdbError} LDB_CLOSED, and the other errors of a move.
   */
  static rootOf<K, V>(cursor: Cursor<K, V>): { readonly page: number; readonly level: number } | undefined {
    const { view } = cursor
    return view === undefined ? undefined : TreeWindow.rootOf(view)
  }

  /**
   * Updates the tree to the present state. Returns true when it has changed, and `undefined` when the keyspace has a window no longer:
   * it was dropped or closed, its state must not be read, or its values may have headers from now on.
   */
  refresh(): boolean | undefined {
    const { keyspace } = this.#source
    if (!this.#source.isReadable || keyspace.store !== this.#store) return undefined
    return this.tree.refresh()
  }
}
