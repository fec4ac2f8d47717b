import { concatBytes } from '@ldb/base'
import { DriverError } from '@ldb/cluster'
import type {
  CallOptions,
  CommitResult,
  CommitRequest,
  DriverEntry,
  DriverKey,
  DriverTransaction,
  RangePage,
  RangeRequest,
  TransactionRequest,
  Version,
} from '@ldb/cluster'
import type { EtcdKeyValue } from '../messages/key-value.js'
import type { EtcdRangeRequest, EtcdRangeResponse } from '../messages/range.js'
import { readFailure } from './call-failure.js'
import { planCommit } from './commit-plan.js'
import type { CommitPlan } from './commit-plan.js'
import type { DriverContext } from './driver-context.js'
import type { EtcdRange } from '../layout/key-layout.js'
import { ReadSet } from './read-set.js'
import { endOfRange, nextWindows } from './reverse-window.js'
import { SnapshotReader } from './snapshot-reader.js'
import { versionOf } from '../layout/version.js'
import { monotonicMs } from '../client/monotonic-ms.js'

const ZERO = new Uint8Array(1)

/** Reads of one revision, and a commit on the condition that they have not changed. */
export class EtcdTransaction implements DriverTransaction {
  readonly #context: DriverContext
  readonly #request: TransactionRequest
  readonly #reader: SnapshotReader
  readonly #reads: ReadSet = new ReadSet()
  /** What the last reverse read has read: the next one needs about as much. */
  #lastWindow: EtcdRange | undefined = undefined
  #isEnded = false

  constructor(context: DriverContext, request: TransactionRequest) {
    this.#context = context
    this.#request = request
    this.#reader = new SnapshotReader(context.client, context.operationsMax)
  }

  get version(): Version | undefined {
    const { revision } = this.#reader
    return revision === undefined ? undefined : versionOf(revision)
  }

  async pin({ timeoutMs }: CallOptions): Promise<void> {
    if (this.#reader.revision !== undefined) return
    await this.#read([{ ...this.#context.layout.keyspaces, countOnly: true }], timeoutMs)
  }

  async getMany(keys: readonly DriverKey[], { timeoutMs }: CallOptions): Promise<(Uint8Array | undefined)[]> {
    const { layout } = this.#context
    const requests = keys.map(({ keyspace, key }) => ({ key: layout.data(keyspace, key) }))
    const answers = await this.#read(requests, timeoutMs)
    return answers.map(({ kvs }, index) => {
      const [kv] = kvs
      if (this.#isWriting) {
        if (kv === undefined) this.#reads.addAbsent((requests[index] as EtcdRangeRequest).key)
        else this.#reads.add(kv)
      }
      return kv?.value
    })
  }

  async range(request: RangeRequest, { timeoutMs }: CallOptions): Promise<RangePage> {
    const endMs = monotonicMs() + timeoutMs
    const { layout, pageSizes } = this.#context
    const { keyspace, lower, upper, reverse } = request
    const keysOnly = request.valueBytes === 0
    const average = keysOnly ? `${keyspace.id} keys` : keyspace.id
    const wanted = Math.min(request.limit, pageSizes.entriesMax)
    const entries: DriverEntry[] = []
    let rest = layout.dataRange(keyspace, lower, upper)
    let byteCount = 0
    for (;;) {
      const limit = pageSizes.limit(average, wanted - entries.length, byteCount)
      const restMs = Math.max(1, endMs - monotonicMs())
      const { kvs, more } = await (reverse
        ? this.#readEnd(rest, { limit, keysOnly }, restMs)
        : this.#readStart(rest, { limit, keysOnly }, restMs))
      const partBytes = this.#take(kvs, entries)
      pageSizes.note(average, kvs.length, partBytes)
      byteCount += partBytes
      const last = kvs.at(-1)
      if (!more || last === undefined) return { entries, hasMore: false }
      if (entries.length >= wanted || pageSizes.isFull(byteCount)) return { entries, hasMore: true }
      rest = reverse
        ? { key: rest.key, rangeEnd: last.key }
        : { key: concatBytes(last.key, ZERO), rangeEnd: rest.rangeEnd }
    }
  }

  /** Adds what was read to a page. Returns its bytes. */
  #take(kvs: readonly EtcdKeyValue[], entries: DriverEntry[]): number {
    let byteCount = 0
    for (const kv of kvs) {
      byteCount += kv.key.length + kv.value.length
      if (this.#isWriting) this.#reads.add(kv)
      entries.push({ key: this.#context.layout.entryKey(kv.key), value: kv.value })
    }
    return byteCount
  }

  async commit(request: CommitRequest, { timeoutMs }: CallOptions): Promise<CommitResult> {
    this.#assertUsable()
    this.#isEnded = true
    const endMs = monotonicMs() + timeoutMs
    const { layout, committer } = this.#context
    await this.#readUnseen(request, timeoutMs)
    const limits = { operationsMax: this.#context.operationsMax }
    const plan = planCommit(request, layout, this.#reads, this.#reader.revision, limits)
    const otherwise = plan.keyspaces.map(({ name }) => ({ key: layout.keyspace(name), keysOnly: true }))
    const restMs = Math.max(1, endMs - monotonicMs())
    const result = await committer.commit({ ...plan, otherwise }, request.marker, restMs)
    if (!result.isApplied) throw refusal(plan, result.ranges)
    return { version: result.revision === undefined ? undefined : versionOf(result.revision) }
  }

  finish(): Promise<void> {
    // What was read is one revision.
    return this.abort()
  }

  abort(): Promise<void> {
    this.#isEnded = true
    return Promise.resolve()
  }

  get #isWriting(): boolean {
    return this.#request.mode === 'readWrite'
  }

  /**
   * Reads the keys that must be unchanged and were only written: without the revision of their last change, a deletion would not be noticed.
   */
  async #readUnseen(request: CommitRequest, timeoutMs: number): Promise<void> {
    if (this.#reader.revision === undefined) return
    const { layout } = this.#context
    const unseen = request.readKeys
      .map(({ keyspace, key }) => layout.data(keyspace, key))
      .filter((key) => this.#reads.get(key) === undefined)
    if (unseen.length === 0) return
    const requests = unseen.map((key) => ({ key, keysOnly: true }))
    const answers = await this.#send(requests, timeoutMs)
    for (const [index, { kvs }] of answers.entries()) {
      const [kv] = kvs
      if (kv === undefined) this.#reads.addAbsent(unseen[index] as Uint8Array)
      else this.#reads.add(kv)
    }
  }

  async #readStart(
    range: EtcdRange,
    options: { limit: number; keysOnly: boolean },
    timeoutMs: number,
  ): Promise<Pick<EtcdRangeResponse, 'kvs' | 'more'>> {
    const [page] = await this.#read([{ ...range, ...options }], timeoutMs)
    return page as EtcdRangeResponse
  }

  async #readEnd(
    range: EtcdRange,
    options: { limit: number; keysOnly: boolean },
    timeoutMs: number,
  ): Promise<Pick<EtcdRangeResponse, 'kvs' | 'more'>> {
    const endMs = monotonicMs() + timeoutMs
    const read = (requests: readonly EtcdRangeRequest[]): Promise<readonly EtcdRangeResponse[]> =>
      this.#read(requests, Math.max(1, endMs - monotonicMs()))
    const hints = this.#lastWindow === undefined ? [] : nextWindows(this.#lastWindow)
    const end = await endOfRange(range, options.limit, hints, read)
    this.#lastWindow = end
    const [page] = await read([{ ...end, ...options, descending: true }])
    const { kvs, more } = page as EtcdRangeResponse
    return { kvs, more: more || end.key !== range.key }
  }

  async #read(
    requests: readonly EtcdRangeRequest[],
    timeoutMs: number,
  ): Promise<readonly EtcdRangeResponse[]> {
    this.#assertUsable()
    return this.#send(requests, timeoutMs)
  }

  async #send(
    requests: readonly EtcdRangeRequest[],
    timeoutMs: number,
  ): Promise<readonly EtcdRangeResponse[]> {
    try {
      return await this.#reader.read(requests, timeoutMs)
    } catch (error) {
      this.#context.assertOpen()
      throw readFailure(error)
    }
  }

  #assertUsable(): void {
    this.#context.assertOpen()
    if (this.#isEnded) throw new DriverError('closed', 'the transaction has ended')
  }
}

/** Returns the reason why a condition was not met. */
function refusal(plan: CommitPlan, ranges: readonly EtcdRangeResponse[]): DriverError {
  for (const [index, { name, id }] of plan.keyspaces.entries()) {
    if (String(ranges[index]?.kvs[0]?.modRevision) !== id) {
      return new DriverError('keyspaceGone', `keyspace ${JSON.stringify(name)} was dropped`)
    }
  }
  return new DriverError('conflict', 'what the transaction has read was changed')
}
