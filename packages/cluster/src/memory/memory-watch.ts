import { DriverError } from '../driver/driver-error.js'
import type { DriverWatch, WatchedCommit, WatchRequest } from '../driver/driver-watch.js'
import type { MemoryCluster } from './memory-cluster.js'
import { revisionOf, versionOf } from './memory-version.js'

/** Commits to other keyspaces that a watch passes before it reports progress. */
const PROGRESS_COMMITS = 100

/** A watch of the memory driver: reads the history of the cluster. */
export class MemoryWatch implements DriverWatch {
  readonly #cluster: MemoryCluster
  readonly #ids: ReadonlySet<string>
  readonly #onClose: () => void
  #revision: number
  /** Newest revision that was reported. */
  #reported: number
  #isClosed = false
  #wake: (() => void) | undefined = undefined

  constructor(
    cluster: MemoryCluster,
    { keyspaces, from }: WatchRequest,
    onClose: (watch: MemoryWatch) => void,
  ) {
    this.#cluster = cluster
    this.#ids = new Set(keyspaces.map(({ id }) => id))
    this.#revision = revisionOf(from)
    this.#reported = this.#revision
    this.#onClose = () => {
      onClose(this)
    }
  }

  async next(): Promise<WatchedCommit | undefined> {
    if (this.#wake !== undefined) throw new DriverError('fatal', 'next is pending')
    for (;;) {
      if (this.#isClosed) return undefined
      for (const { revision, changes } of this.#cluster.commitsAfter(this.#revision)) {
        this.#revision = revision
        const watched = changes.filter(({ keyspace }) => this.#ids.has(keyspace.id))
        if (watched.length > 0 || revision - this.#reported >= PROGRESS_COMMITS) {
          this.#reported = revision
          return { version: versionOf(revision), changes: watched }
        }
      }
      await this.#wait()
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#onClose()
    this.#wake?.()
  }

  async #wait(): Promise<void> {
    let forget = (): void => undefined
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      forget = this.#cluster.whenCommitted(resolve)
    })
    forget()
    this.#wake = undefined
  }
}
