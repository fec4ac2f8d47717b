import { AbstractSnapshot } from 'abstract-level'
import type { AbstractLevel } from 'abstract-level'
import type { AsyncSnapshot } from '@ldb/core'
import { iteratedThrough } from './encoded-views.js'
import type { EncodedReads, EncodedView, IteratedReads } from './encoded-views.js'
import { toLevelError } from './level-error.js'

/** Options of abstract-level for its snapshots. The types of the package leave the constructor out. */
type SnapshotConstructor = new (options: { readonly owner: AbstractLevel<unknown> }) => AbstractSnapshot

const Base = AbstractSnapshot as unknown as SnapshotConstructor

/** An explicit snapshot: a state of the database that reads can be directed to. */
export class LevelSnapshot extends Base {
  readonly #snapshot: AsyncSnapshot
  readonly #views: readonly EncodedView[]
  readonly #reads: (EncodedReads | undefined)[] = []

  constructor(
    options: { readonly owner: AbstractLevel<unknown> },
    snapshot: AsyncSnapshot,
    views: readonly EncodedView[],
  ) {
    super(options)
    this.#snapshot = snapshot
    this.#views = views
  }

  /** Returns the reading methods of this state, under the formats of `viewIndex`. */
  readsAt(index: number): EncodedReads {
    const present = this.#reads[index]
    if (present !== undefined) return present
    const { writes } = this.#views[index] as EncodedView
    const reads = { reads: this.#snapshot.in(writes), readsSync: this.#snapshot.sync.in(writes.sync) }
    this.#reads[index] = reads
    return reads
  }

  /** Returns the reading methods of iterators of this state. */
  iteratedAt(index: number): IteratedReads {
    return iteratedThrough(this.#snapshot.sync, this.#views[index] as EncodedView)
  }

  /** Called by abstract-level at the close, when no read uses the snapshot. @internal */
  async _close(): Promise<void> {
    try {
      await this.#snapshot.release()
    } catch (error) {
      throw toLevelError(error)
    }
  }
}
