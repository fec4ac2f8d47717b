import { binaryKeys, compareBytes, tupleKeys, utf8Keys } from '@ldb/base'
import type { AsyncDatabaseHandle, Change, ChangeStream, CommittedChanges, Database } from '@ldb/core'
import { keyTexts, valueTexts } from '../commands/texts.js'
import type { KeyTexts, ValueTexts } from '../commands/texts.js'

/** Turns of the microtask queue in which a stream gives what there is. */
const MICROTASKS_MAX = 400

const ENCODINGS = { utf8: utf8Keys, binary: binaryKeys, tuple: tupleKeys }
const NO_BYTES = new Uint8Array(0)

/** How far a copy has come: what is told from there on is what it lacks. */
export interface MirrorPosition {
  readonly seq: number
  /** By keyspace: key to value. */
  readonly copy: ReadonlyMap<string, ReadonlyMap<string, string>>
}

/** A copy of a database that is kept by its changes alone. */
export class ChangeMirror {
  readonly #db: AsyncDatabaseHandle
  readonly #stream: ChangeStream<unknown, unknown>
  readonly #copy: Map<string, Map<string, string>>
  #pendingRead: Promise<IteratorResult<CommittedChanges, undefined>> | undefined = undefined
  #seq: number

  /**
   * @param position - where another copy had come to, of the same database; without it, it begins with what there is.
   * @throws LdbError LDB_NOT_FOUND when the log no longer reaches back to it.
   */
  constructor(db: AsyncDatabaseHandle, position?: MirrorPosition) {
    this.#db = db
    this.#seq = position?.seq ?? db.seq
    this.#stream = db.changes({ since: this.#seq })
    const copy = position?.copy ?? contentOf(db.sync)
    this.#copy = new Map([...copy].map(([name, entries]) => [name, new Map(entries)]))
  }

  /** How far it has come. */
  get position(): MirrorPosition {
    return {
      seq: this.#seq,
      copy: new Map([...this.#copy].map(([name, entries]) => [name, new Map(entries)])),
    }
  }

  /**
   * A keyspace is gone, with all that there was to say of it: what a call that waits was told before the end has nothing to do
   * with one that gets the name later.
   */
  async dropKeyspace(name: string): Promise<void> {
    if (this.#pendingRead !== undefined) await this.#consume(this.#pendingRead)
    this.#copy.delete(name)
  }

  /** Takes in all that has happened so far. @returns what is wrong with the order of commits, if anything is. */
  async catchUp(): Promise<string | undefined> {
    while (this.#seq < this.#db.seq) {
      this.#pendingRead ??= this.#stream.next()
      const before = this.#seq
      // Commits that have changed nothing that is still there are not told.
      if (!(await this.#consume(this.#pendingRead))) break
      if (this.#seq <= before) return `commit ${this.#seq} after ${before}`
    }
    return undefined
  }

  /** Takes in all that has happened, and tells whether the copy is what there is. */
  async compare(): Promise<string> {
    const disorder = await this.catchUp()
    if (disorder !== undefined) return disorder
    for (const [name, entries] of contentOf(this.#db.sync)) {
      const copy = this.#copy.get(name) ?? new Map<string, string>()
      for (const key of new Set([...entries.keys(), ...copy.keys()])) {
        const [right, own] = [entries.get(key), copy.get(key)]
        if (right !== own) return `in ${name}, ${key} is ${String(right)}, and by its changes ${String(own)}`
      }
    }
    return 'agree'
  }

  async end(): Promise<void> {
    await this.#stream.return()
  }

  /** Takes in what a call gives, if it gives something now. */
  async #consume(call: Promise<IteratorResult<CommittedChanges, undefined>>): Promise<boolean> {
    const result = await Promise.race([call, microtasksPassed(MICROTASKS_MAX)])
    if (result?.value === undefined) return false
    this.#pendingRead = undefined
    this.#seq = result.value.seq
    for (const change of result.value.changes) this.#apply(change)
    return true
  }

  #apply(change: Change): void {
    // Dropped since it was told.
    if (this.#db.sync.keyspaces().every(({ name }) => name !== change.keyspace)) return
    const [keys, values] = textsOf(this.#db.sync, change.keyspace)
    const copy = this.#copy.get(change.keyspace) ?? new Map<string, string>()
    this.#copy.set(change.keyspace, copy)
    if (change.kind === 'put') copy.set(keys.fromKey(change.key), values.fromValue(change.value))
    else if (change.kind !== 'deleteRange') copy.delete(keys.fromKey(change.key))
    else {
      const { lower = NO_BYTES, upper } = change
      for (const key of copy.keys()) {
        const encoded = ENCODINGS[keys.name].encode(keys.toKey(key) as never)
        if (compareBytes(encoded, lower) < 0 || (upper !== undefined && compareBytes(encoded, upper) >= 0))
          continue
        copy.delete(key)
      }
    }
  }
}

function contentOf(db: Database): Map<string, Map<string, string>> {
  return new Map(
    db.keyspaces().map(({ name }) => {
      const [keys, values] = textsOf(db, name)
      const entries = db
        .keyspace<unknown, unknown>(name)
        .entries()
        .map(([key, value]) => [keys.fromKey(key), values.fromValue(value)] as const)
      return [name, new Map(entries.toArray())]
    }),
  )
}

function textsOf(db: Database, name: string): [KeyTexts, ValueTexts] {
  const descriptor = db.keyspaces().find((each) => each.name === name)
  return [keyTexts(descriptor?.keys ?? '') as KeyTexts, valueTexts(descriptor?.values ?? '') as ValueTexts]
}

async function microtasksPassed(turnCount: number): Promise<undefined> {
  for (let left = turnCount; left > 0; left--) await Promise.resolve()
  return undefined
}
