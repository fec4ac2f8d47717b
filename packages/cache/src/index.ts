/**
 * A buffer pool of page frames with pins, dirty flags and S3-FIFO eviction under a byte budget.
 *
 * @packageDocumentation
 */
export { LeafFilters } from './leaf-filters.js'
export { INDEXED_KEY_BYTES_MAX } from './hash-index.js'
export { arenaAt, CACHE_BYTES_MAX } from './frame-layout.js'
export type { FrameLayout } from './frame-layout.js'
export { PageCache } from './page-cache.js'
export type { PageCacheOptions, PageCacheStats } from './page-cache.js'
export { PageSpace, PageWindow } from './page-space.js'
export type { PageWriter } from './page-writer.js'
export { BlockCache, BlockSpace } from './block-cache.js'
export type { BlockCacheStats, CacheableBlock } from './block-cache.js'
export { BlockBuffers } from './block/block-buffers.js'
export type { BlockBuffer } from './block/block-buffers.js'
export { CacheBudget } from './cache-budget.js'
export type { BudgetPart, CacheBudgetStats } from './cache-budget.js'
