import type { OrderedStore, StoreLog, StoreObserver } from '@ldb/base'
import type { Vfs } from '@ldb/vfs'
import { SPILL_NAME, SortedArrayStore, STATE_NAME, STATE_TEMPORARY_NAME } from './sorted-array-store.js'
import type { Freedoms } from './sorted-array-store.js'

/** What core gives an engine for each store. */
interface StoreContext {
  readonly vfs: Vfs
  readonly directory: string
  readonly log: StoreLog
  readonly observer: StoreObserver
}

/** Engine-owned bytes of the catalog: anything that a B+tree's section is not. */
const SECTION = Uint8Array.from({ length: 5 }, (_, index) => 0xa0 + index)
const NAMES: ReadonlySet<string> = new Set([STATE_NAME, STATE_TEMPORARY_NAME, SPILL_NAME])

/** An engine in the place of the B+tree, as core's engine contract asks for one. */
export interface SortedArrayEngine {
  readonly name: 'btree'
  readonly number: 1
  readonly checkpointFileName: string
  newSection(): Uint8Array
  open(context: StoreContext, section: Uint8Array, state: 'recorded' | 'unrecorded' | 'none'): OrderedStore
  fileName(number: number): string
  ownsFile(name: string): boolean
}

/** Creates the state file of a store that has none, with its directory, durably: the checkpoints sync the directory of the store only. */
function createIfAbsent({ vfs, directory }: StoreContext): void {
  if (vfs.status(directory) === undefined) vfs.makeDirectory(directory)
  if (vfs.status(`${directory}/${STATE_NAME}`) === undefined) SortedArrayStore.create(vfs, directory)
  vfs.syncDirectory(directory)
  vfs.syncDirectory(directory.slice(0, directory.lastIndexOf('/')))
}

/**
 * Returns an engine of sorted arrays.
 *
 * @param seed - of its random decisions; each store draws its own from it.
 */
export function sortedArrayEngine(seed: number, freedoms?: Freedoms): SortedArrayEngine {
  let openCount = 0
  const open = ({ vfs, directory, log, observer }: StoreContext): OrderedStore =>
    SortedArrayStore.open(vfs, directory, log, observer, seed * 1000 + openCount++, freedoms)
  return {
    name: 'btree',
    number: 1,
    checkpointFileName: STATE_NAME,
    newSection: () => SECTION,
    open(context, section, state) {
      if (section.length !== SECTION.length || section.some((byte, at) => byte !== SECTION[at])) {
        throw new Error('the catalog has changed the section of an engine')
      }
      if (state === 'none') createIfAbsent(context)
      return open(context)
    },
    fileName: () => STATE_NAME,
    ownsFile: (name) => NAMES.has(name),
  }
}
