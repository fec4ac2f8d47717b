import { LdbError } from '@ldb/base'
import type { Session } from '../calls/session.js'
import type { Version } from '../driver/version.js'
import { ClusterTransaction } from '../transaction/cluster-transaction.js'
import { valueOf } from '../values/stored-value.js'
import { changeKeys } from '../write/change-keys.js'
import type { ClusterBatch } from '../write/cluster-batch.js'
import type { ClusterKeyspace } from '../write/cluster-keyspace.js'

/** Value of the record of a consumer (FORMAT.md). */
export interface ConsumerRecord {
  readonly version: Version
  /** Token of its newest stream. */
  readonly owner: string
  /** When it was recorded, in milliseconds since 1970. */
  readonly usedAtMs: number
}

/** A transaction or a batch that can record a position with its own writes. @category Changes */
export type PositionTarget = ClusterTransaction | ClusterBatch<never, never>

/** Returns the key of a consumer in the keyspace of settings. */
export function consumerKey(name: string): string {
  return `consumer/${name}`
}

/** The durable position of a consumer, which belongs to the stream that was opened last. */
export class ConsumerPosition {
  readonly #session: Session
  readonly #settings: ClusterKeyspace<string, unknown>
  readonly #name: string
  readonly #owner: string

  constructor(session: Session, settings: ClusterKeyspace<string, unknown>, name: string) {
    this.#session = session
    this.#settings = settings
    this.#name = name
    this.#owner = session.environment.marker()
  }

  /** Takes the name over, and returns its position: `since`, or what is recorded, or else `start`. */
  async open(since: Version | undefined, start: Version | Promise<Version>): Promise<Version> {
    const recorded = (await this.#settings.get(consumerKey(this.#name))) as ConsumerRecord | undefined
    const version = since ?? recorded?.version ?? (await start)
    await this.#settings.put(consumerKey(this.#name), this.#record(version))
    return version
  }

  /** Records a position. @throws {@link LdbError} LDB_LOCKED when another stream has taken the name over. */
  async record(version: Version): Promise<void> {
    const { codec, driver } = this.#settings.opened
    const next = codec.encodeStored(this.#record(version), Infinity)
    const decide = (stored: Uint8Array | undefined): Uint8Array => {
      const value = stored === undefined ? undefined : valueOf(stored, 0)
      this.#assertOwner(value === undefined ? undefined : codec.decodeValue(value))
      return next
    }
    await changeKeys(this.#session, driver, [codec.encodeKey(consumerKey(this.#name))], decide, undefined)
  }

  /** Adds the record of a position to a batch or a transaction. */
  async recordIn(target: PositionTarget, version: Version): Promise<void> {
    const key = consumerKey(this.#name)
    if (!(target instanceof ClusterTransaction)) {
      target.in(this.#settings).put(key, this.#record(version))
      return
    }
    const view = target.in(this.#settings)
    this.#assertOwner(await view.getForUpdate(key))
    await view.put(key, this.#record(version))
  }

  #record(version: Version): ConsumerRecord {
    return { version, owner: this.#owner, usedAtMs: Math.floor(this.#session.environment.now()) }
  }

  #assertOwner(stored: unknown): void {
    if ((stored as ConsumerRecord | undefined)?.owner === this.#owner) return
    const message = `the consumer ${JSON.stringify(this.#name)} has another stream, or was dropped`
    throw new LdbError('LDB_LOCKED', message)
  }
}
