import type { Seq } from '@ldb/base'

/** Options of `Wal.append`. @category Log */
export interface AppendOptions {
  /** Record type, 0 to 3. The owner of the log defines its meaning. Default 0. */
  readonly type?: number
  /** Commit number; at least that of the previous record. Default: that of the previous record. */
  readonly seq?: Seq | number
  /**
   * The log borrows the payload until the next `flush`, `flushAsync`, `sync` or `syncAsync` returns. The payload's buffer must have 32 bytes
   * before it and 7 bytes after it, which the log may overwrite. The log then writes a large payload from the caller's memory without a copy.
   * Without these margins it copies the payload. Default false.
   */
  readonly isBorrowed?: boolean
}
