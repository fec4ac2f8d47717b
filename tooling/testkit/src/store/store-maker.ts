import type { OrderedStore } from '@ldb/base'
import type { Vfs } from '@ldb/vfs'

/** Makes stores of one kind and configuration. @category Suites */
export interface StoreMaker {
  readonly name: string
  /**
   * Returns an empty location. Its `open` opens the store of the last checkpoint.
   *
   * @param layer - wraps the file system below the store.
   */
  make(layer?: (below: Vfs) => Vfs): StoreLocation
}

/** A location for one store. @category Suites */
export interface StoreLocation {
  open(): OrderedStore
}
