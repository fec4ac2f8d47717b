import { ResumableTask } from '@ldb/base'
import type { DeviceSteps, Syncable } from '@ldb/base'
import { directoryOf, DirectorySync, FileSync } from '@ldb/vfs'
import type { Vfs, VfsFile } from '@ldb/vfs'
import { META_STRIDE, SPARE_BLOCK } from '../format.js'
import { blockOf, moveMeta } from './meta.js'
import type { FoundMeta } from './meta.js'

/**
 * Makes sure that the checkpoint which was found in a file is on the device.
 *
 * @remarks Its meta block may be in the cache of the operating system alone: whoever wrote it died before the sync, or was
 * told that it failed, after which some file systems still show what they have lost, and call the next sync a success. The
 * pages below it are safe, they were synced before. So the block is written anew, to the spare place and to its own, one
 * after the other: whichever of the two a crash tears, the other one, or the checkpoint before, stands (FORMAT.md
 * argues it). Until it is done, nothing may be written that the checkpoint before might need.
 * @internal
 */
export class MetaRewrite implements Syncable {
  /** What brings all that is written to the file to the device. */
  readonly fileSync: FileSync
  readonly #work: ResumableTask | undefined
  #isDone: boolean

  /** @param found - what was found when the file was opened; `undefined` when this process has just made the file. */
  constructor(vfs: Vfs, file: VfsFile, found: FoundMeta | undefined) {
    this.fileSync = new FileSync(vfs, file)
    this.#work = found && new ResumableTask(confirm(vfs, file, this.fileSync, found))
    this.#isDone = found === undefined
  }

  /** True when the newest checkpoint is known to be on the device, in its own block. */
  get isDone(): boolean {
    return this.#isDone
  }

  /** Does what is left of it. What a failure leaves is for the next opening to make sure of. */
  sync(): void {
    if (this.#isDone) return
    this.#work?.sync()
    this.#isDone = true
  }

  async syncAsync(): Promise<void> {
    await this.#work?.syncAsync()
    this.#isDone = true
  }
}

function* confirm(vfs: Vfs, file: VfsFile, fileSync: Syncable, found: FoundMeta): DeviceSteps {
  const { meta, bytes, blocks } = found
  const own = blockOf(meta.checkpoint)
  yield new DirectorySync(vfs, directoryOf(file.path))
  // Nothing older may be under way to a block while the other one is written.
  yield fileSync
  // The spare goes first, unless it is the only one that is whole.
  for (const block of blocks.includes(own) ? [SPARE_BLOCK, own] : [own, SPARE_BLOCK]) {
    file.write(moveMeta(bytes, block), 0, bytes.length, block * META_STRIDE)
    yield fileSync
  }
}
