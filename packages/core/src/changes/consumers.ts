import { invalidArgument, isLdbError, kindOf, LdbError, utf8Bytes } from '@ldb/base'
import type { Clock } from '@ldb/vfs'
import type { AsyncKeyspaceWrites } from '../async/keyspace-writes.js'
import type { ResolvedDatabaseOptions } from '../health/options.js'
import type { CommitHold, CommitReader } from '../log/change-reader.js'
import type { CommitLog } from '../log/commit-log.js'
import type { ConsumerStats } from '../log/consumer-stats.js'
import type { Keyspace } from '../write/keyspace.js'
import { ConsumerPosition } from './consumer-position.js'

/** Length in UTF-8 of the longest name of a consumer. */
const NAME_BYTES_MAX = 256

/** A named consumer of changes. @category Changes */
export interface ConsumerInfo {
  readonly name: string
  /** Number of the newest commit that it has acknowledged, as far as that is recorded. */
  readonly seq: number
  /** Bytes of the log that are held back for it; 0 when the log no longer reaches back to its position. */
  readonly heldBytes: number
  /** True while a stream of it is open. */
  readonly isOpen: boolean
  /** True when commits after its position are no longer in the log: it has to start over from a snapshot. */
  readonly isLost: boolean
  /** When it was used last, in milliseconds since 1970, as far as that is recorded. */
  readonly usedAtMs: number
}

/** Value of an entry of the keyspace, in JSON (FORMAT.md). */
interface ConsumerRecord {
  readonly seq: number
  readonly usedAtMs: number
}

/** The positions in both APIs. */
export interface ConsumerStore {
  readonly keyspace: Keyspace<string, ConsumerRecord>
  readonly promises: AsyncKeyspaceWrites<string, ConsumerRecord>
}

interface KnownConsumer {
  readonly hold: CommitHold
  usedAtMs: number
  isOpen: boolean
  /** Newest acknowledged commit. */
  seq: number
}

/** The named consumers of one open database: keeps in the log what they need, within the limits. */
export class Consumers {
  readonly #log: CommitLog
  readonly #clock: Clock
  readonly #options: ResolvedDatabaseOptions
  readonly #known: Map<string, KnownConsumer> = new Map()

  constructor(log: CommitLog, clock: Clock, options: ResolvedDatabaseOptions) {
    this.#log = log
    this.#clock = clock
    this.#options = options
  }

  /** Reads the recorded positions, and keeps what they need. @param open - opens the keyspace with them. */
  load(open: () => Keyspace<string, ConsumerRecord>): void {
    const { unreadHold } = this.#log
    if (unreadHold === undefined) return
    try {
      for (const [name, { seq, usedAtMs }] of open().entries()) this.#add(name, seq, usedAtMs)
    } catch (error) {
      // Positions that cannot be read must not make the database unusable. The log is kept, within the limit.
      if (!isLdbError(error, 'LDB_CORRUPTION')) throw error
      return
    }
    unreadHold.close()
    this.#log.unreadHold = undefined
  }

  /**
   * Opens the reader of a consumer at its position, or at another one, which replaces it.
   *
   * @throws {@link LdbError} LDB_LOCKED when it has an open stream; LDB_NOT_FOUND when the log no longer reaches back to the position.
   */
  open(
    name: string,
    since: number | undefined,
    newest: number,
    store: ConsumerStore,
  ): { readonly commits: CommitReader; readonly position: ConsumerPosition; readonly isRecorded: boolean } {
    if (this.#known.get(name)?.isOpen === true) throw isOpenError(name)
    const recorded = store.keyspace.get(name)?.seq
    const start = since ?? recorded ?? newest
    const commits = this.#read(name, start, newest)
    this.#known.get(name)?.hold.close()
    const known = this.#add(name, start, this.#clock.now())
    known.isOpen = true
    const position = new ConsumerPosition(
      {
        read: async () => (await store.promises.get(name))?.seq ?? 0,
        write: (seq, isDurable) => {
          const options = isDurable ? undefined : ({ durability: 'none' } as const)
          return store.promises.put(name, this.record(seq), options)
        },
      },
      known.hold,
      start,
      (seq) => {
        known.seq = seq
      },
    )
    return { commits, position, isRecorded: start === recorded }
  }

  /** Returns the entry that records a position now. */
  record(seq: number): ConsumerRecord {
    return { seq, usedAtMs: Math.floor(this.#clock.now()) }
  }

  /** Returns a function that notes that the stream of a consumer has ended. It references no handle. */
  releaseOf(name: string): () => void {
    const clock = this.#clock
    const known = this.#known.get(name)
    return () => {
      if (known?.isOpen !== true) return
      known.isOpen = false
      known.usedAtMs = clock.now()
    }
  }

  list({ keyspace }: ConsumerStore): ConsumerInfo[] {
    const { truncatedSeq } = this.#log
    return keyspace
      .entries()
      .toArray()
      .map(([name, { seq, usedAtMs }]) => {
        const known = this.#known.get(name)
        const isLost = seq < truncatedSeq
        return {
          name,
          seq,
          heldBytes: isLost ? 0 : (known?.hold.heldBytes ?? 0),
          isOpen: known?.isOpen === true,
          isLost,
          usedAtMs: Math.max(usedAtMs, Math.floor(known?.usedAtMs ?? 0)),
        }
      })
  }

  /** Returns the lag of each consumer. Reads nothing. @param newest - number of the newest commit. */
  stats(newest: number): ConsumerStats[] {
    return [...this.#known].map(([name, { hold, isOpen, seq }]) => ({
      name,
      isOpen,
      lagCommits: Math.max(0, newest - seq),
      heldBytes: seq < this.#log.truncatedSeq ? 0 : hold.heldBytes,
    }))
  }

  /**
   * Forgets a consumer.
   *
   * @param keyspace - `undefined` when the database has no positions.
   * @throws {@link LdbError} LDB_LOCKED when it has an open stream; LDB_NOT_FOUND.
   */
  remove(name: string, keyspace: ConsumerStore['keyspace'] | undefined): void {
    const known = this.#known.get(name)
    if (known?.isOpen === true) throw isOpenError(name)
    if (keyspace?.has(name) !== true)
      throw new LdbError('LDB_NOT_FOUND', `there is no consumer ${JSON.stringify(name)}`)
    keyspace.delete(name)
    known?.hold.close()
    this.#known.delete(name)
  }

  #read(name: string, since: number, newest: number): CommitReader {
    try {
      if (since <= newest) return this.#log.readCommits(since)
    } catch (error) {
      if (!isLdbError(error, 'LDB_NOT_FOUND')) throw error
      throw lostError(name, 'is too far behind', { cause: error, details: error.details })
    }
    // It would wait for commits that have other content than those that it has acknowledged.
    throw lostError(name, 'is ahead of the newest commit', { details: { expected: since, actual: newest } })
  }

  #add(name: string, seq: number, usedAtMs: number): KnownConsumer {
    const { consumerBacklogBytes, consumerIdleMs } = this.#options
    const hold = this.#log.holdCommits(seq, (bytes) => {
      const isUsed = known.isOpen || this.#clock.now() - known.usedAtMs <= consumerIdleMs
      return isUsed && bytes <= consumerBacklogBytes
    })
    const known: KnownConsumer = { hold, usedAtMs, isOpen: false, seq }
    this.#known.set(name, known)
    return known
  }
}

/** @throws {@link LdbError} LDB_INVALID_ARGUMENT unless it is a string of 1 to 256 bytes. */
export function checkConsumerName(name: unknown): string {
  if (typeof name !== 'string') throw invalidArgument(`consumer must be a string, not ${kindOf(name)}`)
  const byteCount = utf8Bytes(name)
  if (byteCount === 0 || byteCount > NAME_BYTES_MAX)
    throw invalidArgument(`the name of a consumer must have 1 to ${NAME_BYTES_MAX} bytes`)
  return name
}

function lostError(name: string, what: string, options: ConstructorParameters<typeof LdbError>[2]): LdbError {
  const message = `the consumer ${JSON.stringify(name)} ${what}: start over from a snapshot, with since: snapshot.seq`
  return new LdbError('LDB_NOT_FOUND', message, options)
}

function isOpenError(name: string): LdbError {
  return new LdbError('LDB_LOCKED', `the consumer ${JSON.stringify(name)} has an open stream`)
}
