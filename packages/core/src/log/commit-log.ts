import { ResumableTask } from '@ldb/base'
import type { DeviceSteps, Syncable, VerifySink } from '@ldb/base'
import { MemoryChanges } from './change-memory-reader.js'
import type { CommitReader } from './change-reader.js'
import type { CheckpointRecord } from './checkpoint-record.js'

/** What `stats()` says of the log. @category Statistics */
export interface LogStats {
  /** Bytes of the records in its files; 0 when the database is in memory only. */
  readonly fileBytes: number
  /** Segments it has. */
  readonly segmentCount: number
  /** Bytes of commits since the last checkpoint. */
  readonly bytesSinceCheckpoint: number
  /** Bytes of commits that are in the process only. */
  readonly bufferedBytes: number
  /** Bytes of commits that are not known to be on the device. */
  readonly unsyncedBytes: number
  /** Syncs since the database was opened. */
  readonly syncCount: number
}

/** What a checkpoint does to the log: begun before the stores are frozen, ended when they are durable. */
export interface LogRotation {
  /** Parts the log: what was logged before the cut was begun can go. On the device before that may. */
  readonly rotated: Syncable
  /** Writes down what the checkpoints hold, makes that durable, and lets go of the log before the cut. */
  end(record: Omit<CheckpointRecord, 'catalogGeneration'>): ResumableTask
}

/** Where commits go first. A failed `flush`, `sync` or cut must never be tried again. */
export interface CommitLog extends Syncable {
  /** Bytes of commits since the last cut. */
  readonly bytesSinceCheckpoint: number
  /** True when there are no files: commits are kept for readers of changes only from `readCommits` on. */
  readonly isVolatile: boolean
  /**
   * Takes a commit into the buffer.
   *
   * @param isBorrowed - the batch, and the room around it, stay as they are until the next flush or sync is done; otherwise the bytes are
   * copied.
   */
  appendCommit(batch: Uint8Array, seq: number, isBorrowed: boolean): void
  /** Takes note, among the commits, of a catalog that is durable. (R8) */
  appendCatalog(generation: number): void
  /** Hands everything to the operating system. */
  flush(): void
  /** As `flush`, without waiting for the device where the log is being parted. */
  flushAsync(): Promise<void>
  /** Makes everything durable on the device. */
  sync(): void
  /** As `sync`, off this thread: everything appended before the call, shared by all who wait. */
  syncAsync(): Promise<void>
  /** Begins to cut off what was logged so far. */
  beginCut(): LogRotation
  /**
   * Reads the commits behind `since`, which the log keeps meanwhile, within its limit.
   *
   * @throws {@link LdbError} LDB_NOT_FOUND when they are no longer there.
   */
  readCommits(since: number): CommitReader
  verify(sink: VerifySink): void
  stats(): LogStats
  /**
   * Gives its files back.
   *
   * @param clean - everything was checkpointed and cut: note the end, so that nothing may be missing afterwards.
   */
  close(clean: boolean): void
}

/** The log of a database that is in memory only: there is nothing to survive. */
export class MemoryLog implements CommitLog {
  readonly isVolatile = true
  bytesSinceCheckpoint = 0
  readonly #changes: MemoryChanges

  /** @param backlogBytes - bytes of commits that readers of changes may hold back. */
  constructor(backlogBytes: number) {
    this.#changes = new MemoryChanges(backlogBytes)
  }

  appendCommit(batch: Uint8Array, seq: number, _isLent: boolean): void {
    this.bytesSinceCheckpoint += batch.length
    this.#changes.add(batch, seq)
  }

  readCommits(since: number): CommitReader {
    return this.#changes.read(since)
  }

  appendCatalog(_generation: number): void {
    // There is no catalog that could be lost.
  }

  flush(): void {
    // There is nobody to hand it to.
  }

  sync(): void {
    // There is no device.
  }

  async flushAsync(): Promise<void> {
    // As above.
  }

  async syncAsync(): Promise<void> {
    // As above.
  }

  beginCut(): LogRotation {
    const bytesBefore = this.bytesSinceCheckpoint
    return {
      rotated: this,
      end: (): ResumableTask => new ResumableTask(this.#forget(bytesBefore)),
    }
  }

  *#forget(byteCount: number): DeviceSteps {
    yield this
    this.bytesSinceCheckpoint -= byteCount
  }

  verify(_sink: VerifySink): void {
    // There is nothing to check.
  }

  stats(): LogStats {
    return {
      fileBytes: 0,
      segmentCount: 0,
      bytesSinceCheckpoint: this.bytesSinceCheckpoint,
      bufferedBytes: 0,
      unsyncedBytes: 0,
      syncCount: 0,
    }
  }

  close(_clean: boolean): void {
    // There are no files.
  }
}
