import { PageCache } from '@ldb/cache'
import type { PageSpace } from '@ldb/cache'
import type { Policy } from './policy.js'

const PAGE_BYTES = 512

/** The policy of LDB's page cache, through the cache itself. */
export class PageCachePolicy implements Policy {
  readonly #space: PageSpace

  constructor(frameCount: number) {
    const cache = new PageCache({ bytes: frameCount * PAGE_BYTES, pageBytes: PAGE_BYTES, hashIndexBytes: 0 })
    this.#space = cache.attach({
      writePage() {
        throw new Error('the simulation has no dirty pages')
      },
    })
  }

  access(page: number): boolean {
    if (this.#space.lookup(page + 1) >= 0) return true
    this.#space.claim(page + 1)
    return false
  }
}
