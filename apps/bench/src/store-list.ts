/** A store that can be measured. */
export interface StoreEntry {
  /** Its name on the command line, and of its file in `stores`. */
  readonly id: string
  /** Its name in reports. */
  readonly title: string
  /** The package that it comes in; none for what is always there. */
  readonly packageName?: string
  /** What a run needs of Node, in words, when it is not there. */
  readonly missing?: () => string | undefined
}

/** Every store, LDB first. */
export const STORES: readonly StoreEntry[] = [
  { id: 'ldb', title: 'LDB (B+tree)' },
  { id: 'lmdb', title: 'lmdb-js', packageName: 'lmdb' },
  { id: 'classic-level', title: 'classic-level', packageName: 'classic-level' },
]
