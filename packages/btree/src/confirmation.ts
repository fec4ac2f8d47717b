import type { Vfs, VfsFile } from '@ldb/vfs'
import { directoryOf } from './create.js'
import { META_STRIDE, SPARE_BLOCK } from './format.js'
import { blockOf, moveMeta } from './meta.js'
import type { FoundMeta } from './meta.js'

/**
 * Makes sure that the checkpoint which was found in a file is on the device.
 *
 * @remarks Its meta block may be in the cache of the operating system alone: whoever wrote it died before the sync, or was
 * told that it failed, after which some file systems still show what they have lost, and call the next sync a success. The
 * pages below it are safe, they were synced before. So the block is written anew, to the spare place and to its own, one
 * after the other: whichever of the two a crash tears, the other one, or the checkpoint before, stands (FORMAT.md
 * argues it). Until {@link run} has returned, nothing may be written that the checkpoint before might need.
 * @internal
 */
export class Confirmation {
  readonly #vfs: Vfs
  readonly #file: VfsFile
  #found: FoundMeta | undefined

  /** @param found - what was found when the file was opened; `undefined` when this process has just made the file. */
  constructor(vfs: Vfs, file: VfsFile, found: FoundMeta | undefined) {
    this.#vfs = vfs
    this.#file = file
    this.#found = found
  }

  /** True when the newest checkpoint is known to be on the device, in its own block. */
  get isDone(): boolean {
    return this.#found === undefined
  }

  /** Does it, unless it was done before. What a failure leaves is for the next opening to make sure of. */
  run(): void {
    if (this.#found === undefined) return
    const { meta, bytes, blocks } = this.#found
    const own = blockOf(meta.checkpoint)
    this.#vfs.syncDirectory(directoryOf(this.#file.path))
    // Nothing older may be under way to a block while the other one is written.
    this.#file.sync()
    // The spare goes first, unless it is the only one that is whole.
    for (const block of blocks.includes(own) ? [SPARE_BLOCK, own] : [own, SPARE_BLOCK]) {
      this.#file.write(moveMeta(bytes, block), 0, bytes.length, block * META_STRIDE)
      this.#file.sync()
    }
    this.#found = undefined
  }
}
