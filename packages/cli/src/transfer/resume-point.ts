import { createHash } from 'node:crypto'
import type { AsyncDatabase, Batch, Keyspace } from '@ldb/core'
import { CommandExit, ExitCode } from '../terminal/exit-code.js'

/** The keyspace of the positions. It exists while an import with a name has not ended. */
const KEYSPACE = 'ldb:imports'
/** The input is compared by the hash of so many characters at its beginning. */
const COMPARED_LENGTH = 1024

/** A position, as it is stored under the name of an import. */
interface StoredPosition {
  /** Lines, rows or entries of the input that are committed. */
  readonly count: number
  /** SHA-256 of the beginning of the input. */
  readonly input: string
}

/**
 * How far an import has come. It is committed with the entries, so that an import that was killed goes on where it has committed, and
 * neither loses nor repeats an entry.
 */
export class ResumePoint {
  readonly #database: AsyncDatabase
  readonly #name: string
  readonly #positions: Keyspace<string, StoredPosition>
  readonly #stored: StoredPosition | undefined
  #input = ''

  private constructor(database: AsyncDatabase, name: string) {
    this.#database = database
    this.#name = name
    this.#positions = database.sync.keyspace<string, StoredPosition>(KEYSPACE, {
      keys: 'utf8',
      values: 'json',
    })
    this.#stored = this.#positions.get(name)
  }

  /** Opens the position of a name; `undefined` without a name. */
  static open(database: AsyncDatabase, name: string | undefined): ResumePoint | undefined {
    return name === undefined ? undefined : new ResumePoint(database, name)
  }

  /** Lines, rows or entries of the input that are committed already. */
  get skipCount(): number {
    return this.#stored?.count ?? 0
  }

  /**
   * Passes the parts of the input on.
   *
   * @throws {@link CommandExit} when the input begins otherwise than that of the import which is resumed.
   */
  async *checked(parts: AsyncIterable<string>): AsyncGenerator<string, void, void> {
    let start: string | undefined = ''
    for await (const part of parts) {
      if (start === undefined) {
        yield part
        continue
      }
      start += part
      if (start.length < COMPARED_LENGTH) continue
      this.identify(start.slice(0, COMPARED_LENGTH))
      yield start
      start = undefined
    }
    if (start === undefined) return
    this.identify(start)
    if (start !== '') yield start
  }

  /** Says how the input begins. @throws {@link CommandExit} when the import that is resumed had another one. */
  identify(start: string): void {
    this.#input = createHash('sha256').update(start).digest('hex')
    if (this.#stored !== undefined && this.#stored.input !== this.#input)
      throw new CommandExit(ExitCode.error, `the import ${this.#name} has begun with another input`)
  }

  /** Adds the position to the commit whose entries it stands behind. */
  addTo(batch: Batch<never, never>, count: number): void {
    batch.in(this.#positions).put(this.#name, { count, input: this.#input })
  }

  /** Removes the position of an import that has ended, and the keyspace with the last one. */
  async end(): Promise<void> {
    this.#positions.delete(this.#name)
    if (this.#positions.count() === 0) await this.#database.dropKeyspace(KEYSPACE)
  }
}
