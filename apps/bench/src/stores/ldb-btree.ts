import type { Store, StoreOptions } from '../model/store.js'
import { open as openLdb } from './ldb.js'

export { keyShapes, persistent, takesBuffers } from './ldb.js'

/** Opens LDB with the B+tree engine, beside LDB with another. */
export function open(options: StoreOptions): Promise<Store> {
  const { ldbEngine, ...others } = options
  return openLdb(ldbEngine === undefined ? options : others)
}
