import type { SchemaNames } from '../schema/schema-names.js'
import { Deadline } from '../session/deadline.js'
import type { SessionPool } from '../session/session-pool.js'

const ANSWER_MS = 1000

/**
 * Notifies the watchers of other processes after commits. Commits that end while a notification is under way share the next one.
 *
 * @remarks A notification within a transaction would serialize all commits of the server. A lost one costs a watcher the time between two of its looks.
 */
export class CommitNotifier {
  readonly #pool: SessionPool
  readonly #names: SchemaNames
  #isWanted = false
  #running: Promise<void> | undefined = undefined

  constructor(pool: SessionPool, names: SchemaNames) {
    this.#pool = pool
    this.#names = names
  }

  /** Reports a commit. */
  poke(): void {
    this.#isWanted = true
    this.#running ??= this.#run()
  }

  /** Waits for the notification that is under way. */
  async close(): Promise<void> {
    await this.#running
  }

  async #run(): Promise<void> {
    while (this.#isWanted) {
      this.#isWanted = false
      await this.#pool
        .run(new Deadline(ANSWER_MS), (session) => session.query(`notify ${this.#names.channel}`))
        .catch(() => undefined)
    }
    this.#running = undefined
  }
}
