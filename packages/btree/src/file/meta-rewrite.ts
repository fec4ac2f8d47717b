import { ResumableTask } from '@ldb/base'
import type { TaskSteps, Syncable } from '@ldb/base'
import type { UnitCodec } from '@ldb/integrity'
import { assertSameFile, directoryOf, DirectorySync, FileSync } from '@ldb/vfs'
import type { Vfs, VfsFile } from '@ldb/vfs'
import { META_COPY_BLOCK, META_STRIDE, SPARE_BLOCK } from '../format.js'
import { blockOf, sealMeta } from './meta.js'
import type { FoundMeta } from './meta-blocks.js'

/**
 * Persists the recovered meta block again, so that the checkpoint which was found at open is known to be durable.
 *
 * @remarks The block may be in the page cache of the operating system alone: the process that wrote it died before the sync, or
 * its sync failed, after which some file systems still return the lost data and report success for the next sync. The
 * pages below the block are durable, because they were synced before it was written. The rewrite writes the block to the spare
 * position and to its own, one after the other: whichever write a crash tears, the other block or the checkpoint before remains
 * valid (FORMAT.md has the argument). Until the rewrite is complete, nothing may be written that the checkpoint before may need.
 * @internal
 */
export class MetaRewrite implements Syncable {
  /** Syncs everything that was written to the file. */
  readonly fileSync: FileSync
  readonly #work: ResumableTask | undefined
  readonly #isFoundDurable: boolean
  #isDone: boolean

  /**
   * @param found - the meta block found at open; `undefined` when this process has just created the file, or the block remains durable without a
   * rewrite.
   * @param isFoundDurable - it is known to be durable, so that no crash has left a block torn.
   */
  constructor(
    vfs: Vfs,
    file: VfsFile,
    codec: UnitCodec,
    found: FoundMeta | undefined,
    isFoundDurable: boolean = false,
  ) {
    this.#isFoundDurable = isFoundDurable
    this.fileSync = new FileSync(vfs, file)
    this.#work = found && new ResumableTask(rewriteSteps(vfs, file, codec, this.fileSync, found))
    this.#isDone = found === undefined
  }

  /** Reports whether the newest checkpoint is known to be durable in its own block. */
  get isDone(): boolean {
    return this.#isDone
  }

  /** Reports whether a crash may have left a block torn, or without the newest checkpoint. */
  get mayBlocksBeTorn(): boolean {
    return !this.#isDone && !this.#isFoundDurable
  }

  /** Completes the rewrite. After a failure, the next open has to rewrite the block. */
  sync(): void {
    if (this.#isDone) return
    this.#work?.sync()
    this.#isDone = true
  }

  /** Completes the rewrite as {@link MetaRewrite.sync} does, without blocking the event loop. */
  async syncAsync(): Promise<void> {
    await this.#work?.syncAsync()
    this.#isDone = true
  }
}

function* rewriteSteps(
  vfs: Vfs,
  file: VfsFile,
  codec: UnitCodec,
  fileSync: Syncable,
  found: FoundMeta,
): TaskSteps {
  const { meta, bytes, blocks } = found
  const own = blockOf(meta.checkpoint)
  // The sync of another directory would not make the entry of this file durable.
  assertSameFile(vfs, file)
  yield new DirectorySync(vfs, directoryOf(file.path))
  // An earlier unsynced write of one block must not reach the device while the other block is written.
  yield fileSync
  // The spare block precedes, unless the own block is not valid: then it may hold the only durable one. So may the copy.
  for (const group of blocks.includes(own)
    ? [[SPARE_BLOCK], [own, META_COPY_BLOCK]]
    : [[own], [SPARE_BLOCK, META_COPY_BLOCK]]) {
    for (const block of group) {
      file.write(sealMeta(bytes, codec, block), 0, bytes.length, block * META_STRIDE)
    }
    yield fileSync
  }
  // Pages behind the last one belong to a checkpoint that was never completed, or are a hole: nothing reaches them, and on a full
  // device the next checkpoint needs their space.
  const length = meta.pageCount * meta.pageBytes
  if (file.length() > length) file.truncate(length)
}
