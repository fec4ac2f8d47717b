import { assert } from '@ldb/base'
import type { MetaRewrite } from '../file/meta-rewrite.js'
import { EXTENT_REFERENCE_BYTES, OVERFLOW_EXTENT_BYTES } from '../format.js'
import type { FreeSpace } from '../space/free-space.js'
import type { Reclaim } from '../space/reclaim.js'
import type { EncodedValues } from './encoded-values.js'
import { encodingOf } from './extent-file.js'
import type { ExtentFile } from './extent-file.js'
import { PLAIN_CONTENT } from './extent-header.js'
import type { ContentEncoding } from './extent-header.js'
import { decodeReference, encodeReference } from './extent-reference.js'
import type { ExtentReference } from './extent-reference.js'

/** State of an open file that {@link OverflowExtents} shares. @internal */
export interface OverflowExtentsParts {
  readonly freeSpace: Pick<FreeSpace, 'allocateExtent' | 'free'>
  readonly reclaim: Pick<Reclaim, 'retire'>
  readonly epoch: { readonly current: number }
  readonly metaRewrite: Pick<MetaRewrite, 'sync' | 'fileSync'>
  readonly encodedValues: EncodedValues
}

/**
 * Values and keys too long for a page, each in an overflow extent: a sequence of contiguous pages.
 *
 * @remarks An extent is written when it is allocated, to pages that nothing durable reaches, and never changes afterwards. The
 * sync of the next checkpoint makes it durable.
 * @internal
 */
export class OverflowExtents {
  readonly #file: ExtentFile
  readonly #parts: OverflowExtentsParts
  readonly #reference = new Uint8Array(EXTENT_REFERENCE_BYTES)
  readonly #referenceView: DataView = new DataView(this.#reference.buffer)
  #count: number

  /** @param count - extents that the tree refers to at open. */
  constructor(file: ExtentFile, parts: OverflowExtentsParts, count: number) {
    this.#file = file
    this.#parts = parts
    this.#count = count
  }

  /** Returns the number of extents that the newest tree refers to. */
  get count(): number {
    return this.#count
  }

  /** Writes the value `bytes[start..end)` to a new extent, compressed where it is worth it. Returns as {@link OverflowExtents.writeKey}. */
  writeValue(bytes: Uint8Array, start: number, end: number): Uint8Array {
    const { encodedValues } = this.#parts
    const compressed = encodedValues.compress(bytes, start, end)
    if (compressed === undefined) return this.#write(PLAIN_CONTENT, bytes, start, end)
    const encoding = { codecId: encodedValues.codecId, decodedBytes: end - start }
    return this.#write(encoding, compressed, 0, compressed.length)
  }

  /** Writes the key `bytes[start..end)` to a new extent. Returns its encoded reference, which the next call overwrites. */
  writeKey(bytes: Uint8Array, start: number, end: number): Uint8Array {
    return this.#write(PLAIN_CONTENT, bytes, start, end)
  }

  /** Writes an extent that the meta block refers to: it is not counted. Returns as {@link OverflowExtents.writeKey}. */
  writeUncounted(content: Uint8Array): Uint8Array {
    const reference = this.#write(PLAIN_CONTENT, content, 0, content.length)
    this.#count -= 1
    return reference
  }

  /** Retires an extent that the meta block refers to. */
  retireUncounted(reference: Uint8Array): void {
    this.#count += 1
    this.retire(reference, 0)
  }

  /** Copies an extent as it is stored to a new one. Returns as {@link OverflowExtents.writeKey}. */
  copy(reference: ExtentReference): Uint8Array {
    const whole = this.#file.readWhole(reference)
    return this.#write(encodingOf(whole), whole, OVERFLOW_EXTENT_BYTES, whole.length)
  }

  #write(encoding: ContentEncoding, content: Uint8Array, start: number, end: number): Uint8Array {
    const { freeSpace, metaRewrite } = this.#parts
    const pageCount = this.#file.pageCountOf(end - start)
    const page = freeSpace.allocateExtent(pageCount)
    try {
      metaRewrite.sync()
      encodeReference(this.#referenceView, this.#file.write(page, encoding, content, start, end))
      metaRewrite.fileSync.recordWrite(end - start)
    } catch (error) {
      freeSpace.free(page, pageCount)
      throw error
    }
    this.#count += 1
    return this.#reference
  }

  /** Retires the extent whose reference is at `bytes[offset]`. */
  retire(bytes: Uint8Array, offset: number): void {
    const { page, contentBytes, epoch } = decodeReference(bytes, offset)
    const { reclaim } = this.#parts
    assert(this.#count > 0, 'an extent that is retired was counted')
    this.#count -= 1
    const pageCount = this.#file.pageCountOf(contentBytes)
    reclaim.retire(page, pageCount, epoch, this.#parts.epoch.current)
  }
}
