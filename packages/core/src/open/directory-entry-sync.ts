import { isLdbError, ResumableTask } from '@ldb/base'
import type { TaskSteps, Syncable } from '@ldb/base'
import { directoryOf, DirectorySync } from '@ldb/vfs'
import type { Vfs } from '@ldb/vfs'
import type { Catalog } from '../catalog/catalog.js'
import { replaceCatalog } from '../catalog/file.js'

/**
 * Syncs the directory entries through which a database and its catalog were found. The process that created them may have crashed, or
 * its sync may have failed, before they were durable. Acknowledged commits must not depend on them, so they are synced before the
 * first write. Readers do not need the sync. Later calls do nothing.
 */
export class DirectoryEntrySync implements Syncable {
  readonly #work: ResumableTask

  /** @param lost - the catalog, when the file is damaged and its copy was used: the file is written again first. */
  constructor(vfs: Vfs, directory: string, lost?: Catalog) {
    this.#work = new ResumableTask(steps(vfs, directory, lost))
  }

  /** @throws {@link LdbError} LDB_IO; also on every later call, because a failed sync is never retried. */
  sync(): void {
    this.#work.sync()
  }

  syncAsync(): Promise<void> {
    return this.#work.syncAsync()
  }
}

function* steps(vfs: Vfs, directory: string, lost: Catalog | undefined): TaskSteps {
  // The same catalog, with the same version: the log needs no record of it.
  if (lost !== undefined) replaceCatalog(vfs, directory, lost)
  yield new DirectorySync(vfs, directory)
  try {
    yield new DirectorySync(vfs, directoryOf(directory))
  } catch (error) {
    // A process without access to the parent directory has not created the database in it.
    if (!isLdbError(error) || !['EACCES', 'EPERM'].includes(error.details.errno ?? '')) throw error
  }
}
