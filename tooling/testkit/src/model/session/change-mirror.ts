import { binaryKeys, compareBytes, tupleKeys, utf8Keys } from '@ldb/base'
import type { AsyncDatabaseHandle, Change, ChangeStream, CommittedChanges, Database } from '@ldb/core'
import { keyConversion, valueConversion } from '../commands/conversions.js'
import type { KeyConversion, ValueConversion } from '../commands/conversions.js'

/** Number of microtasks after which a change stream without a result counts as having none: a commit may name many values in blob files. */
const MICROTASKS_MAX = 10_000

const ENCODINGS = { utf8: utf8Keys, binary: binaryKeys, tuple: tupleKeys }
const NO_BYTES = new Uint8Array(0)

/** The state of a mirror: a new mirror resumes from it. */
export interface MirrorPosition {
  readonly seq: number
  /** By keyspace: key to value. */
  readonly copy: ReadonlyMap<string, ReadonlyMap<string, string>>
}

/** A copy of a database that is maintained from its change stream alone. */
export class ChangeMirror {
  readonly #db: AsyncDatabaseHandle
  readonly #stream: ChangeStream<unknown, unknown>
  readonly #copy: Map<string, Map<string, string>>
  #pendingRead: Promise<IteratorResult<CommittedChanges, undefined>> | undefined = undefined
  #seq: number

  /**
   * @param position - the state of another mirror of the same database. Without it, the mirror starts from the
   *   current content.
   * @throws LdbError LDB_NOT_FOUND when the log no longer contains the changes since `position`.
   */
  constructor(db: AsyncDatabaseHandle, position?: MirrorPosition) {
    this.#db = db
    this.#seq = position?.seq ?? db.seq
    this.#stream = db.changes({ since: this.#seq })
    const copy = position?.copy ?? contentOf(db.sync)
    this.#copy = new Map([...copy].map(([name, entries]) => [name, new Map(entries)]))
  }

  /** The commit that the mirror has reached, and a copy of its content. */
  get position(): MirrorPosition {
    return {
      seq: this.#seq,
      copy: new Map([...this.#copy].map(([name, entries]) => [name, new Map(entries)])),
    }
  }

  /**
   * Removes a dropped keyspace. Consumes a pending read first: its changes belong to the dropped keyspace and must
   * not apply to a later one of the same name.
   */
  async dropKeyspace(name: string): Promise<void> {
    if (this.#pendingRead !== undefined) await this.#consume(this.#pendingRead)
    this.#copy.delete(name)
  }

  /** Applies all changes up to the newest commit. @returns a description of commits out of order, if any. */
  async catchUp(): Promise<string | undefined> {
    while (this.#seq < this.#db.seq) {
      this.#pendingRead ??= this.#stream.next()
      const before = this.#seq
      // The stream omits commits whose changes are all obsolete.
      if (!(await this.#consume(this.#pendingRead))) break
      if (this.#seq <= before) return `commit ${this.#seq} after ${before}`
    }
    return undefined
  }

  /** Applies all changes and compares the copy with the database. @returns `agree` or the first difference. */
  async compare(): Promise<string> {
    const disorder = await this.catchUp()
    if (disorder !== undefined) return disorder
    const names = this.#db.sync.keyspaces().map(({ name }) => name)
    const unknown = names.find((name) => !this.#copy.has(name))
    if (unknown !== undefined) return `the mirror lacks the keyspace ${unknown}`
    const gone = [...this.#copy.keys()].find((name) => !names.includes(name))
    if (gone !== undefined) return `the mirror still has the keyspace ${gone}`
    for (const [name, entries] of contentOf(this.#db.sync)) {
      const copy = this.#copy.get(name) ?? new Map<string, string>()
      for (const key of new Set([...entries.keys(), ...copy.keys()])) {
        const [expected, mirrored] = [entries.get(key), copy.get(key)]
        if (expected !== mirrored)
          return `in ${name}, ${key} is ${String(expected)}, the mirror has ${String(mirrored)}`
      }
    }
    return 'agree'
  }

  async end(): Promise<void> {
    await this.#stream.return()
  }

  /** Applies the result of a read of the stream when it is available. @returns whether it was. */
  async #consume(call: Promise<IteratorResult<CommittedChanges, undefined>>): Promise<boolean> {
    const result = await Promise.race([call, microtasksPassed(MICROTASKS_MAX)])
    if (result?.value === undefined) return false
    this.#pendingRead = undefined
    this.#seq = result.value.seq
    for (const change of result.value.changes) this.#apply(change)
    return true
  }

  #apply(change: Change): void {
    if (change.kind === 'createKeyspace') this.#copy.set(change.keyspace, new Map())
    if (change.kind === 'dropKeyspace') this.#copy.delete(change.keyspace)
    if (change.kind === 'createKeyspace' || change.kind === 'dropKeyspace') return
    // The keyspace was dropped after the change.
    if (this.#db.sync.keyspaces().every(({ name }) => name !== change.keyspace)) return
    const [keys, values] = textsOf(this.#db.sync, change.keyspace)
    const copy = this.#copy.get(change.keyspace) ?? new Map<string, string>()
    this.#copy.set(change.keyspace, copy)
    if (change.kind === 'put') copy.set(keys.fromKey(change.key), values.fromValue(change.value))
    else if (change.kind === 'delete' || change.kind === 'expire') copy.delete(keys.fromKey(change.key))
    else {
      const { lower = NO_BYTES, upper } = change
      for (const key of copy.keys()) {
        const encoded = ENCODINGS[keys.name].encode(keys.toKey(key) as never)
        if (compareBytes(encoded, lower) < 0 || (upper !== undefined && compareBytes(encoded, upper) >= 0))
          continue
        copy.delete(key)
      }
      // The entries of a load are in the database only.
      if (change.kind === 'load') this.#copyRange(change, copy)
    }
  }

  #copyRange({ keyspace, lower = NO_BYTES, upper }: RangeChange, copy: Map<string, string>): void {
    const [keys, values] = textsOf(this.#db.sync, keyspace)
    for (const [key, value] of this.#db.sync.keyspace<unknown, unknown>(keyspace).entries()) {
      const encoded = ENCODINGS[keys.name].encode(key as never)
      if (compareBytes(encoded, lower) < 0 || (upper !== undefined && compareBytes(encoded, upper) >= 0))
        continue
      copy.set(keys.fromKey(key), values.fromValue(value))
    }
  }
}

type RangeChange = Extract<Change, { readonly kind: 'deleteRange' | 'load' }>

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

function textsOf(db: Database, name: string): [KeyConversion, ValueConversion] {
  const descriptor = db.keyspaces().find((each) => each.name === name)
  return [
    keyConversion(descriptor?.keys ?? '') as KeyConversion,
    valueConversion(descriptor?.values ?? '') as ValueConversion,
  ]
}

async function microtasksPassed(count: number): Promise<undefined> {
  for (let left = count; left > 0; left--) await Promise.resolve()
  return undefined
}
