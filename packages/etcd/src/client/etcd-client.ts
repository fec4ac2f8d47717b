import { invalidArgument } from '@ldb/base'
import { decodeLeaseMessage, encodeLeaseGrant, encodeLeaseId } from '../messages/lease.js'
import { decodeRangeMessage, encodeRange } from '../messages/range.js'
import type { EtcdRangeRequest, EtcdRangeResponse } from '../messages/range.js'
import { decodeStatusMessage } from '../messages/status.js'
import type { EtcdStatus } from '../messages/status.js'
import { decodeTxnMessage, encodeTxn, txnBytes } from '../messages/txn.js'
import type { EtcdTxnRequest, EtcdTxnResponse } from '../messages/txn.js'
import type { ProtoWriter } from '../protobuf/proto-writer.js'
import { frameMessage } from './message-frames.js'
import type { EtcdCallOptions, EtcdClientOptions } from './etcd-client-options.js'
import { Members } from './members.js'
import { EtcdWatch } from './etcd-watch.js'
import type { EtcdWatchRequest } from './etcd-watch.js'

const RANGE = '/etcdserverpb.KV/Range'
const TXN = '/etcdserverpb.KV/Txn'
const COMPACT = '/etcdserverpb.KV/Compact'
const LEASE_GRANT = '/etcdserverpb.Lease/LeaseGrant'
const LEASE_REVOKE = '/etcdserverpb.Lease/LeaseRevoke'
const STATUS = '/etcdserverpb.Maintenance/Status'

const ATTEMPT_TIMEOUT_MS = 1500
const CALL_TIMEOUT_MS = 10_000

/**
 * A client of etcd 3.5+ over HTTP/2: the calls that the driver needs.
 *
 * @remarks It retries reads at other members, and writes only while no member can have received them: see decision 0099.
 * @category Client
 */
export class EtcdClient {
  readonly #members: Members
  readonly #attemptTimeoutMs: number
  readonly #watches: Set<EtcdWatch> = new Set()

  /**
   * Creates a client. It connects at the first call.
   *
   * @throws LdbError `LDB_INVALID_ARGUMENT` for an address that is none.
   */
  constructor(options: EtcdClientOptions) {
    const { endpoints, username, password = '', ca, certificate, key, serverName } = options
    this.#attemptTimeoutMs = options.attemptTimeoutMs ?? ATTEMPT_TIMEOUT_MS
    if (endpoints.length === 0) throw invalidArgument('there are no endpoints')
    const origins = endpoints.map(originOf)
    const tls = {
      ...(ca === undefined ? {} : { ca }),
      ...(certificate === undefined ? {} : { certificate }),
      ...(key === undefined ? {} : { key }),
      ...(serverName === undefined ? {} : { serverName }),
    }
    const credentials = username === undefined ? undefined : { username, password }
    this.#members = new Members(origins, tls, credentials, this.#attemptTimeoutMs)
  }

  /** Reads a key or a range: linearizable unless the request says otherwise. @throws EtcdCallError */
  async range(request: EtcdRangeRequest, options: EtcdCallOptions = {}): Promise<EtcdRangeResponse> {
    const message = await this.#call(RANGE, true, options, (writer) => {
      encodeRange(writer, request)
    })
    return decodeRangeMessage(message)
  }

  /**
   * Executes a transaction that may be executed twice, such as one that only reads. It is repeated at other members.
   *
   * @throws EtcdCallError
   */
  repeatableTxn(request: EtcdTxnRequest, options: EtcdCallOptions = {}): Promise<EtcdTxnResponse> {
    return this.#txn(request, true, options)
  }

  /**
   * Executes a transaction. It is not repeated: after an error with `wasSent` it may be applied, now or later.
   *
   * @throws EtcdCallError
   */
  txn(request: EtcdTxnRequest, options: EtcdCallOptions = {}): Promise<EtcdTxnResponse> {
    return this.#txn(request, false, options)
  }

  /** Removes the history before a revision. @throws EtcdCallError */
  async compact(revision: number, options: EtcdCallOptions = {}): Promise<void> {
    await this.#call(COMPACT, true, options, (writer) => {
      writer.integer(1, revision)
      writer.boolean(2, true) // physical: the answer comes when it is done
    })
  }

  /**
   * Grants a lease with a given number: keys that are put with it disappear when it expires.
   *
   * @param id - unique, from 1 to 2^53 - 1.
   * @returns its time to live in seconds, which may be longer than asked for.
   * @throws EtcdCallError with status 9 if the number is in use.
   */
  async grantLease(id: number, ttlSeconds: number, options: EtcdCallOptions = {}): Promise<number> {
    const message = await this.#call(LEASE_GRANT, false, options, (writer) => {
      encodeLeaseGrant(writer, { id, ttlSeconds })
    })
    return decodeLeaseMessage(message).ttlSeconds
  }

  /** Ends a lease and deletes its keys. @throws EtcdCallError with status 5 if it does not exist. */
  async revokeLease(id: number, options: EtcdCallOptions = {}): Promise<void> {
    await this.#call(LEASE_REVOKE, false, options, (writer) => {
      encodeLeaseId(writer, id)
    })
  }

  /** Returns the state of the member at an index of the endpoints. @throws EtcdCallError */
  async status(endpointIndex: number, options: EtcdCallOptions = {}): Promise<EtcdStatus> {
    const { timeoutMs = this.#attemptTimeoutMs } = options
    const frame = frameMessage(() => undefined)
    return decodeStatusMessage(await this.#members.callAt(endpointIndex, STATUS, frame, timeoutMs))
  }

  /** Watches a key or a range. The watch connects at its first `next`. */
  watch(request: EtcdWatchRequest): EtcdWatch {
    const watch = new EtcdWatch(this.#members, request, () => this.#watches.delete(watch))
    this.#watches.add(watch)
    return watch
  }

  /** Ends the watches, the calls in flight and the connections. Idempotent. */
  close(): void {
    for (const watch of this.#watches) watch.close()
    this.#members.close()
  }

  async #txn(
    request: EtcdTxnRequest,
    isRepeatable: boolean,
    options: EtcdCallOptions,
  ): Promise<EtcdTxnResponse> {
    const encode = (writer: ProtoWriter): void => {
      encodeTxn(writer, request)
    }
    const message = await this.#call(TXN, isRepeatable, options, encode, txnBytes(request))
    return decodeTxnMessage(message)
  }

  #call(
    path: string,
    isRepeatable: boolean,
    options: EtcdCallOptions,
    encode: (writer: ProtoWriter) => void,
    capacityBytes?: number,
  ): Promise<Uint8Array> {
    const { timeoutMs = CALL_TIMEOUT_MS } = options
    return this.#members.call({ path, frame: frameMessage(encode, capacityBytes), timeoutMs, isRepeatable })
  }
}

function originOf(endpoint: string): string {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw invalidArgument(
      `an endpoint is http://host:port or https://host:port, not ${JSON.stringify(endpoint)}`,
    )
  }
  return url.origin
}
