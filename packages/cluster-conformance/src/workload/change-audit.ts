import { isLdbError } from '@ldb/base'
import type { ClusterChanges, ClusterDatabase, ClusterKeyspace, Version } from '@ldb/cluster'
import { elapsed, sleep } from '../bed/host-node.js'
import { describeError } from '../bed/violation.js'

/** Time in milliseconds that the changes may take to arrive after the clients have stopped. */
const ARRIVAL_MS = 30_000

/** Follows the changes of a keyspace, over failures of the engine, and notes each unique key. */
export class ChangeAudit {
  readonly #db: ClusterDatabase
  readonly #keyspace: ClusterKeyspace<string, number>
  readonly #seen: Map<string, number> = new Map()
  readonly #following: Promise<void>
  #stream: ClusterChanges<string, number> | undefined = undefined
  #since: Version | undefined = undefined
  #isFinished = false
  #failure: unknown = undefined

  private constructor(
    db: ClusterDatabase,
    keyspace: ClusterKeyspace<string, number>,
    since: Version | undefined,
  ) {
    this.#db = db
    this.#since = since
    this.#keyspace = keyspace
    this.#following = this.#follow()
  }

  /** Begins to follow; `undefined` when the engine cannot watch. */
  static async start(
    db: ClusterDatabase,
    keyspace: ClusterKeyspace<string, number>,
  ): Promise<ChangeAudit | undefined> {
    try {
      void db.changes().return()
    } catch (error) {
      if (isLdbError(error, 'LDB_UNSUPPORTED')) return undefined
      throw error
    }
    // A stream without a version begins while the clients already write.
    const snapshot = db.snapshot()
    const since = await snapshot.version()
    await snapshot.release()
    return new ChangeAudit(db, keyspace, since)
  }

  /** Waits for the acknowledged keys, and returns what is missing and what came twice. */
  async finish(
    keys: readonly string[],
  ): Promise<{ readonly missed: number; readonly repeated: number; readonly findings: string[] }> {
    const deadline = elapsed() + ARRIVAL_MS
    const missing = (): string[] => keys.filter((key) => !this.#seen.has(key))
    while (missing().length > 0 && elapsed() < deadline && this.#failure === undefined) await sleep(20)
    this.#isFinished = true
    await this.#stream?.return()
    await this.#following
    const missed = missing()
    const repeated = [...this.#seen].flatMap(([key, count]) => (count > 1 ? [key] : []))
    const findings = [
      ...missed.map((key) => `the change of ${key} was not reported`),
      ...repeated.map((key) => `the change of ${key} was reported more than once`),
      ...(this.#failure === undefined
        ? []
        : [`the stream of changes has failed: ${describeError(this.#failure)}`]),
    ]
    return { missed: missed.length, repeated: repeated.length, findings }
  }

  async #follow(): Promise<void> {
    while (!this.#isFinished) {
      const since = this.#since
      this.#stream = this.#db.changes({ keyspace: this.#keyspace, ...(since !== undefined && { since }) })
      try {
        for await (const { version, changes } of this.#stream) {
          this.#since = version
          for (const change of changes) {
            if (change.kind === 'put' && change.key.startsWith('unique-'))
              this.#seen.set(change.key, (this.#seen.get(change.key) ?? 0) + 1)
          }
        }
      } catch (error) {
        // Without a version, it cannot be resumed where it began.
        if (!isLdbError(error, 'LDB_IO') || this.#since === undefined) {
          this.#failure = error
          return
        }
        await sleep(100)
      }
    }
  }
}
