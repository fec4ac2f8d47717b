import { isLdbError, ResumableTask } from '@ldb/base'
import type { DeviceSteps, Syncable } from '@ldb/base'
import { directoryOf, DirectorySync } from '@ldb/vfs'
import type { Vfs } from '@ldb/vfs'

/**
 * The names by which a database and its catalog were found. Whoever gave them may have died, or been told of a failure,
 * before they were durable. What is acknowledged must not hang on them, so they are made so before the first thing is
 * written; who only reads does not pay for it. Once they are, it costs nothing.
 */
export class DirectoryEntrySync implements Syncable {
  readonly #work: ResumableTask

  constructor(vfs: Vfs, directory: string) {
    this.#work = new ResumableTask(steps(vfs, directory))
  }

  /** @throws {@link LdbError} LDB_IO; each time, for nothing is tried again. */
  sync(): void {
    this.#work.sync()
  }

  syncAsync(): Promise<void> {
    return this.#work.syncAsync()
  }
}

function* steps(vfs: Vfs, directory: string): DeviceSteps {
  yield new DirectorySync(vfs, directory)
  try {
    yield new DirectorySync(vfs, directoryOf(directory))
  } catch (error) {
    // Who may not look into the parent has not made the database there.
    if (!isLdbError(error) || !['EACCES', 'EPERM'].includes(error.details.errno ?? '')) throw error
  }
}
