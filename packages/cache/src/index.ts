/**
 * Page frames in one fixed arena, with pins, dirty marks and eviction under a byte budget.
 *
 * @packageDocumentation
 */
export { LeafFilters } from './leaf-filters.js'
export { PLACE_KEY_BYTES_MAX } from './hash-index.js'
export { PageCache, PageSpace } from './page-cache.js'
export type { PageCacheOptions, PageCacheStats } from './page-cache.js'
export type { PageWriter } from './prefetch-sink.js'
