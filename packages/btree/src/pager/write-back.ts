import type { PageWriter } from '@ldb/cache'
import { UnitKind } from '@ldb/integrity'
import type { UnitCodec } from '@ldb/integrity'
import type { VfsFile } from '@ldb/vfs'
import type { MetaRewrite } from '../file/meta-rewrite.js'
import { PAGE_HEADER_PAGE_NUMBER_OFFSET } from '../format.js'
import type { PageArenas } from '../page/arenas.js'
import { checksumHigh, checksumLow, setChecksum } from '../page/page.js'
import type { CheckedPages } from './checked-pages.js'
import type { PendingChecksums } from './pending-checksums.js'

/**
 * Bytes of one batched write of adjacent dirty pages. Linux may keep the bytes of one write as one large folio, and then scans all
 * of it whenever a page in it is written again.
 */
const BATCH_BYTES = 1 << 16

/** State of an open file that a {@link WriteBack} shares with its siblings. @internal */
export interface WriteBackParts {
  readonly file: VfsFile
  readonly codec: UnitCodec
  readonly metaRewrite: MetaRewrite
  readonly pendingChecksums: PendingChecksums
  readonly checkedPages: CheckedPages
}

/**
 * Writes dirty pages to the file, when the cache evicts them and during checkpoints.
 *
 * @remarks Invariant: nothing is written before the checkpoint that open recovered is known to be durable. The one before
 * it may be the only durable one, and pages that it reaches count as free.
 * @internal
 */
export class WriteBack implements PageWriter {
  readonly #arenas: PageArenas
  readonly #parts: WriteBackParts
  readonly #hash = new Int32Array(2)
  #batchBuffer: Uint8Array | undefined = undefined
  #failure: unknown

  constructor(arenas: PageArenas, parts: WriteBackParts) {
    this.#arenas = arenas
    this.#parts = parts
  }

  /** Adds an arena of the cache, which has grown, or replaces the first one. */
  replaceArena(arena: number, bytes: Uint8Array): void {
    this.#arenas.replace(arena, bytes)
  }

  /** Error of the first write of a page that failed, or undefined. A read that evicts can fail so too. No write may follow it. */
  get failure(): unknown {
    return this.#failure
  }

  /** Returns the buffer in which a checkpoint collects adjacent pages. Allocates it at the first call. */
  batchBuffer(): Uint8Array {
    this.#batchBuffer ??= new Uint8Array(Math.max(BATCH_BYTES, this.#arenas.limits.pageBytes))
    return this.#batchBuffer
  }

  /** Releases the batch buffer at the end of a checkpoint. */
  releaseBatchBuffer(): void {
    this.#batchBuffer = undefined
  }

  /** Computes the checksum of the page at `page` and stores it in the page header. */
  updateChecksum(page: number): void {
    const memory = this.#arenas.of(page)
    const start = page + PAGE_HEADER_PAGE_NUMBER_OFFSET
    this.#parts.codec.checksum(memory.bytes, start, page + memory.pageBytes, this.#hash)
    setChecksum(memory, page, this.#hash[0] as number, this.#hash[1] as number)
  }

  /** Writes one page. The cache calls it to evict a dirty page; checkpoints write in batches instead. */
  writePage(pageNumber: number, _frame: number, page: number): void {
    const memory = this.#arenas.of(page)
    const { file, codec, metaRewrite } = this.#parts
    this.updateChecksum(page)
    try {
      metaRewrite.sync()
      const position = pageNumber * memory.pageBytes
      codec.write(file, UnitKind.Page, position, 0, memory.bytes, page, memory.pageBytes)
    } catch (error) {
      this.#failure ??= error
      throw error
    }
    this.recordWrite(pageNumber, page)
  }

  /**
   * Records the checksum of a written page as pending until its parents record it.
   *
   * @param isPropagated - true when the page records the checksums of all pages below it.
   */
  recordWrite(pageNumber: number, page: number, isPropagated = false): void {
    const { checkedPages, pendingChecksums } = this.#parts
    const memory = this.#arenas.of(page)
    checkedPages.add(pageNumber)
    pendingChecksums.set(pageNumber, checksumLow(memory, page), checksumHigh(memory, page), isPropagated)
  }
}
