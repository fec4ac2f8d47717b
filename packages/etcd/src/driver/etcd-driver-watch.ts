import { clearTimeout, setTimeout } from 'node:timers'
import { DriverError } from '@ldb/cluster'
import type { DriverKeyspace, DriverWatch, WatchedChange, WatchedCommit, WatchRequest } from '@ldb/cluster'
import type { EtcdRevision } from '../client/revision-groups.js'
import type { EtcdWatch } from '../client/etcd-watch.js'
import type { EtcdEvent } from '../messages/watch.js'
import { readFailure } from './call-failure.js'
import type { DriverContext } from './driver-context.js'
import { KeyKind } from '../layout/key-layout.js'
import { revisionOf, versionOf } from '../layout/version.js'
import { monotonicMs } from '../client/monotonic-ms.js'

/** A watch without changes of its own reports progress at most this often, in milliseconds. */
const PROGRESS_MS = 1000

/** Reports the commits of some keyspaces. */
export class EtcdDriverWatch implements DriverWatch {
  readonly #context: DriverContext
  readonly #request: WatchRequest
  readonly #onClose: (watch: EtcdDriverWatch) => void
  readonly #keyspaces: Map<string, DriverKeyspace>
  #watch: EtcdWatch | undefined = undefined
  #isClosed = false
  /** What was requested from the watch and not yet returned. */
  #pending: Promise<EtcdRevision | undefined> | undefined = undefined
  /** Progress that was not reported. */
  #skipped: number | undefined = undefined
  /** When progress is reported again. */
  #reportMs = 0

  constructor(context: DriverContext, request: WatchRequest, onClose: (watch: EtcdDriverWatch) => void) {
    this.#context = context
    this.#request = request
    this.#onClose = onClose
    this.#keyspaces = new Map(request.keyspaces.map((keyspace) => [keyspace.id, keyspace]))
  }

  async next(): Promise<WatchedCommit | undefined> {
    try {
      return await this.#next()
    } catch (error) {
      if (this.#isClosed) return undefined
      throw readFailure(error)
    }
  }

  close(): Promise<void> {
    this.#isClosed = true
    this.#watch?.close()
    this.#onClose(this)
    return Promise.resolve()
  }

  async #next(): Promise<WatchedCommit | undefined> {
    this.#watch ??= this.#start()
    for (;;) {
      const revision = await this.#take()
      if (revision === undefined || this.#isClosed) return undefined
      const changes = this.#changesOf(revision)
      if (changes.length > 0 || monotonicMs() >= this.#reportMs)
        return this.#report(revision.revision, changes)
      this.#skipped = revision.revision
    }
  }

  /** Returns what the watch reports next, or the progress that was not reported because the one before was so recent. */
  async #take(): Promise<EtcdRevision | undefined> {
    if (this.#isClosed) return undefined
    this.#pending ??= this.#watch?.next()
    const pending = this.#pending
    const skipped = this.#skipped
    if (pending === undefined || skipped === undefined) return this.#awaitPending(pending)
    let timer: NodeJS.Timeout | undefined
    const progress = new Promise<EtcdRevision>((resolve) => {
      const report = (): void => {
        resolve({ revision: skipped, events: [] })
      }
      timer = setTimeout(report, Math.max(0, this.#reportMs - monotonicMs()))
    })
    const first = await Promise.race([pending, progress])
    clearTimeout(timer)
    return first?.revision === skipped ? first : this.#awaitPending(pending)
  }

  async #awaitPending(
    pending: Promise<EtcdRevision | undefined> | undefined,
  ): Promise<EtcdRevision | undefined> {
    try {
      return await pending
    } finally {
      this.#pending = undefined
    }
  }

  #report(revision: number, changes: readonly WatchedChange[]): WatchedCommit {
    this.#skipped = undefined
    this.#reportMs = monotonicMs() + PROGRESS_MS
    return { version: versionOf(revision), changes }
  }

  #start(): EtcdWatch {
    const { client, layout } = this.#context
    const revision = revisionOf(this.#request.from)
    if (!Number.isSafeInteger(revision)) {
      throw new DriverError('fatal', `${JSON.stringify(this.#request.from)} is no version of etcd`)
    }
    return client.watch({ ...layout.watched, startRevision: revision + 1 })
  }

  #changesOf({ events }: EtcdRevision): WatchedChange[] {
    const changes: WatchedChange[] = []
    const dropped = this.#droppedBy(events)
    for (const event of events) {
      const { kind, id } = this.#context.layout.classify(event.key)
      const keyspace = kind === KeyKind.DATA && id !== undefined ? this.#keyspaces.get(id) : undefined
      if (keyspace === undefined || dropped.has(keyspace.name)) continue
      const key = this.#context.layout.entryKey(event.key)
      if (event.kind === 'delete') changes.push({ kind: 'delete', keyspace, key })
      else changes.push({ kind: 'put', keyspace, key, value: event.value })
    }
    return changes
  }

  /** Returns the names of keyspaces that a revision drops: the deletion of their entries is not reported. */
  #droppedBy(events: readonly EtcdEvent[]): ReadonlySet<string> {
    const dropped = new Set<string>()
    for (const event of events) {
      if (event.kind !== 'delete') continue
      const { kind } = this.#context.layout.classify(event.key)
      if (kind === KeyKind.KEYSPACE) dropped.add(this.#context.layout.keyspaceName(event.key))
    }
    return dropped
  }
}
