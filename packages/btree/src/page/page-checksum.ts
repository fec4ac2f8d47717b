import { xxHash64 } from '@ldb/integrity'
import type { Seed64 } from '@ldb/integrity'
import { PAGE_HEADER_PAGE_NUMBER_OFFSET } from '../format.js'
import type { PageMemory } from './memory.js'

/** Computes the checksum of the page at `page` into `hash`: its low word, then its high word. @internal */
export function hashPage(memory: PageMemory, page: number, seed: Seed64, hash: Int32Array): void {
  xxHash64(memory.bytes, page + PAGE_HEADER_PAGE_NUMBER_OFFSET, page + memory.pageBytes, seed, hash)
}
