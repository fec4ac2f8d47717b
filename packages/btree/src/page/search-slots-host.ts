import type { PageMemory } from './memory.js'
import { searchSlots as searchByEngine } from './search-slots.js'

/** The search of a C host; SPEC.md of `@ldb/ffi` describes it. */
interface SearchHost {
  /** Returns what `searchSlots` returns, or {@link UNDECIDED}. */
  searchSlots(
    bytes: Uint8Array,
    page: number,
    first: number,
    key: Uint8Array,
    start: number,
    end: number,
    keyPartMax: number,
  ): number
}

/** A parameter of the function in which a portable bundle runs. */
declare const ldbHost: SearchHost

/** A key that the search key is compared with is not whole in the page. */
const UNDECIDED = 0x7fffffff

/** Implementation of `searchSlots` by a C host. */
export function searchSlots(
  memory: PageMemory,
  page: number,
  first: number,
  key: Uint8Array,
  start: number,
  end: number,
): number {
  const slot = ldbHost.searchSlots(memory.bytes, page, first, key, start, end, memory.keyPartMax)
  return slot === UNDECIDED ? searchByEngine(memory, page, first, key, start, end) : slot
}
