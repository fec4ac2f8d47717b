import { EtcdCallError, RpcStatus } from '../client/rpc-error.js'
import type { EtcdClient } from '../client/etcd-client.js'
import type { EtcdRangeRequest, EtcdRangeResponse } from '../messages/range.js'
import type { EtcdTxnRequest } from '../messages/txn.js'
import { monotonicMs } from '../client/monotonic-ms.js'

/** Reads at one revision: that of the first read, which is the newest at that time. */
export class SnapshotReader {
  readonly #client: EtcdClient
  readonly #operationsMax: number
  #revision: number | undefined = undefined
  /** The read that fixes the revision. */
  #first: Promise<unknown> | undefined = undefined

  constructor(client: EtcdClient, operationsMax: number) {
    this.#client = client
    this.#operationsMax = operationsMax
  }

  /** The revision; `undefined` before the first read. */
  get revision(): number | undefined {
    return this.#revision
  }

  /** Makes reads, in one round trip if the server accepts so many at once. @throws EtcdCallError */
  async read(
    requests: readonly EtcdRangeRequest[],
    timeoutMs: number,
  ): Promise<readonly EtcdRangeResponse[]> {
    const endMs = monotonicMs() + timeoutMs
    const chunks: EtcdRangeRequest[][] = []
    for (let start = 0; start < requests.length; start += this.#operationsMax) {
      chunks.push(requests.slice(start, start + this.#operationsMax))
    }
    const answers: EtcdRangeResponse[] = []
    if (this.#revision === undefined) answers.push(...(await this.#fix(chunks.shift() ?? [], endMs)))
    const rest = await Promise.all(chunks.map((chunk) => this.#readFixed(chunk, endMs)))
    for (const chunk of rest) answers.push(...chunk)
    return answers
  }

  /** Makes the first read. Reads that begin meanwhile wait for its revision. */
  async #fix(chunk: readonly EtcdRangeRequest[], endMs: number): Promise<readonly EtcdRangeResponse[]> {
    while (this.#first !== undefined) {
      await this.#first.catch(() => undefined)
      if (this.#revision !== undefined) return this.#readFixed(chunk, endMs)
    }
    const first = this.#send(chunk, endMs)
    this.#first = first
    try {
      const { revision, ranges } = await first
      this.#revision = revision
      return ranges
    } finally {
      this.#first = undefined
    }
  }

  async #readFixed(chunk: readonly EtcdRangeRequest[], endMs: number): Promise<readonly EtcdRangeResponse[]> {
    const revision = this.#revision as number
    // A revision never changes: any member that has it may answer alone.
    const fixed = chunk.map((request) => ({ ...request, revision, serializable: true }))
    try {
      return (await this.#send(fixed, endMs)).ranges
    } catch (error) {
      if (!isFutureRevision(error)) throw error
      const current = chunk.map((request) => ({ ...request, revision }))
      return (await this.#send(current, endMs)).ranges
    }
  }

  async #send(
    chunk: readonly EtcdRangeRequest[],
    endMs: number,
  ): Promise<{ revision: number; ranges: readonly EtcdRangeResponse[] }> {
    const timeoutMs = Math.max(1, endMs - monotonicMs())
    const [single] = chunk
    if (chunk.length === 1 && single !== undefined) {
      const range = await this.#client.range(single, { timeoutMs })
      return { revision: range.revision, ranges: [range] }
    }
    return this.#client.repeatableTxn(transactionOf(chunk), { timeoutMs })
  }
}

function transactionOf(chunk: readonly EtcdRangeRequest[]): EtcdTxnRequest {
  return { compare: [], success: chunk.map((range) => ({ kind: 'range', range })) }
}

/** Reports whether a member has not yet applied the revision. */
function isFutureRevision(error: unknown): boolean {
  return (
    error instanceof EtcdCallError &&
    error.status === RpcStatus.OUT_OF_RANGE &&
    error.message.includes('future')
  )
}
