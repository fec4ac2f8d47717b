import type { DriverKeyspace } from '../driver/driver-keyspace.js'
import type { DriverRange, DriverWrite } from '../driver/driver-transaction.js'
import { WriteBuffer } from './write-buffer.js'
import type { WritesView } from './write-buffer.js'

/** The writes of a commit, in the order of the driver interface. */
export interface CommitWrites {
  readonly writes: readonly DriverWrite[]
  readonly deletedRanges: readonly DriverRange[]
  /** Bytes of the keys and values. */
  readonly byteCount: number
}

/** The state of a {@link WriteSet} at one time. */
export type WriteSetView = ReadonlyMap<
  string,
  { readonly keyspace: DriverKeyspace; readonly view: WritesView }
>

/** Uncommitted writes to any number of keyspaces. */
export class WriteSet {
  #buffers: Map<string, WriteBuffer> = new Map()

  /** Returns the buffer of a keyspace, if there is one. */
  find(keyspace: DriverKeyspace): WriteBuffer | undefined {
    return this.#buffers.get(keyspace.id)
  }

  /** Returns the buffer of a keyspace. */
  of(keyspace: DriverKeyspace): WriteBuffer {
    let buffer = this.#buffers.get(keyspace.id)
    if (buffer === undefined) this.#buffers.set(keyspace.id, (buffer = new WriteBuffer(keyspace)))
    return buffer
  }

  view(): WriteSetView {
    return new Map(
      [...this.#buffers].map(([id, buffer]) => [id, { keyspace: buffer.keyspace, view: buffer.view() }]),
    )
  }

  /** Returns to an earlier state. */
  restore(earlier: WriteSetView): void {
    this.#buffers = new Map(
      [...earlier].map(([id, { keyspace, view }]) => [id, new WriteBuffer(keyspace, view)]),
    )
  }

  commit(): CommitWrites {
    const buffers = [...this.#buffers.values()].sort((a, b) => (a.keyspace.id < b.keyspace.id ? -1 : 1))
    const writes: DriverWrite[] = []
    const deletedRanges: DriverRange[] = []
    let byteCount = 0
    for (const buffer of buffers) {
      const commit = buffer.commit()
      for (const write of commit.writes) {
        writes.push(write)
        byteCount += write.key.length + (write.value?.length ?? 0)
      }
      for (const range of commit.deletedRanges) {
        deletedRanges.push(range)
        byteCount += (range.lower?.length ?? 0) + (range.upper?.length ?? 0)
      }
    }
    return { writes, deletedRanges, byteCount }
  }
}
