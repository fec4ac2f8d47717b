import { Database } from '@ldb/core'
import type { DatabaseOptions, EngineName } from '@ldb/core'
import { ManualTime, MemoryVfs } from '@ldb/vfs'
import { seededRandom } from '../base/test-random.js'
import type { TestRandom } from '../base/test-random.js'
import { assertGuarantee } from '../base/violation.js'

const TUNING = Symbol.for('ldb.tuning')
const DIRECTORY = 'data'
const SERIES = 'backups'
const ARCHIVE = 'archive'
const KEYS = 24
const BLOB_BYTES = 400
/** Commits between two backups, at most: a restore applies no more of them. */
const BACKUP_COMMITS = 60
/** Commits of one process: each has archive files of its own. */
const LIFE_COMMITS = 150
const TTL_MS = 5000

interface Entry {
  readonly value: string
  readonly expiresAt: number
}

/** Entries of a state, by keyspace. A state is never changed. */
type State = ReadonlyMap<string, ReadonlyMap<string, Entry>>

/** What a run is like. */
export interface PointSettings {
  readonly engine: EngineName
  readonly isEncrypted: boolean
  readonly commitCount: number
}

/**
 * A run of commits with a backup now and then, and an archive, and a model of the state at each commit: puts, deletes, deletes of ranges, large
 * values, expiring entries, keyspaces that come and go, checkpoints, changes of the key, and several processes.
 */
export class PointRun {
  readonly #vfs: MemoryVfs
  readonly #time: ManualTime = new ManualTime()
  readonly #random: TestRandom
  readonly #settings: PointSettings
  readonly #states: State[] = [new Map([['default', new Map<string, Entry>()]])]
  #firstSeq = 0
  #keyNumber = 1
  #spaceNumber = 0
  #db: Database

  constructor(seed: number, settings: PointSettings) {
    this.#random = seededRandom(seed)
    this.#settings = settings
    this.#vfs = new MemoryVfs({ seed, clock: this.#time, scheduler: this.#time })
    this.#db = this.#open()
  }

  /** Oldest commit that can be restored: that of the first backup. */
  get firstSeq(): number {
    return this.#firstSeq
  }

  /** Newest commit of the run. */
  get seq(): number {
    return this.#states.length - 1
  }

  /** Makes all commits. */
  run(): void {
    const { commitCount, isEncrypted } = this.#settings
    let backupSeq = 0
    let openedSeq = 0
    while (this.seq < commitCount) {
      this.#commit()
      if (backupSeq === 0 || this.seq >= backupSeq + BACKUP_COMMITS) {
        this.#db.backup(SERIES, { incremental: backupSeq > 0 })
        this.#firstSeq = backupSeq === 0 ? this.seq : this.#firstSeq
        backupSeq = this.seq
      }
      this.#time.advance(this.#random.below(700))
      this.#noteSweeps()
      if (this.#random.chance(0.05)) this.#db.checkpoint()
      if (isEncrypted && this.#random.chance(0.01)) this.#rotate()
      if (this.seq < openedSeq + LIFE_COMMITS) continue
      this.#db.close()
      this.#db = this.#open()
      openedSeq = this.seq
    }
    this.#db.close()
  }

  /** Restores the database to a commit, and compares it with the model. @throws Violation when it is another state. */
  check(seq: number): void {
    const options = { vfs: this.#vfs, archive: ARCHIVE, until: seq, ...this.#encryption() }
    const report = Database.restore(SERIES, 'restored', options)
    assertGuarantee(report.seq === seq, () => `a restore to ${seq} reports ${report.seq}`)
    const db = Database.open('restored', {
      vfs: this.#vfs,
      createIfMissing: false,
      cacheBytes: 65_536,
      ...this.#encryption(),
    })
    const found = contentOf(db)
    assertGuarantee(db.seq === seq, () => `a database that was restored to ${seq} is at ${db.seq}`)
    db.close()
    Database.destroy('restored', { vfs: this.#vfs })
    const expected = this.#expected(seq)
    assertGuarantee(found === expected, () => `restored to ${seq}: ${found}, not ${expected}`)
  }

  #open(): Database {
    const { engine } = this.#settings
    const options: DatabaseOptions = {
      vfs: this.#vfs,
      engine,
      workers: 0,
      blobBytes: BLOB_BYTES,
      memtableBytes: 65_536,
      cacheBytes: 131_072,
      archive: { to: ARCHIVE },
      ...this.#encryption(),
    }
    const tuning = { pageBytes: 512, preallocateBytes: 0, segmentBytes: 8192, blobFileBytes: 8192 }
    return Database.open(DIRECTORY, { ...options, ...{ [TUNING]: tuning } })
  }

  #encryption(): Pick<DatabaseOptions, 'encryption'> {
    if (!this.#settings.isEncrypted) return {}
    return { encryption: { key: new Uint8Array(32).fill(this.#keyNumber) } }
  }

  #rotate(): void {
    this.#keyNumber++
    const { encryption } = this.#encryption()
    if (encryption !== undefined) this.#db.rotateKey(encryption)
  }

  #commit(): void {
    const random = this.#random
    const state = new Map(this.#states.at(-1))
    const batch = this.#changeSpaces(state)
    for (let count = random.between(1, 3); count > 0; count--) {
      const name = random.pick([...state.keys()])
      const entries = new Map(state.get(name))
      const keyspace = this.#db.keyspace(name)
      const key = `k${random.below(KEYS)}`
      if (random.chance(0.12)) {
        batch.in(keyspace).delete(key)
        entries.delete(key)
      } else if (key > 'k1' && random.chance(0.05)) {
        batch.in(keyspace).deleteRange({ gte: 'k1', lt: key })
        for (const each of entries.keys()) if (each >= 'k1' && each < key) entries.delete(each)
      } else {
        const value = `${this.seq + 1} `.repeat(random.chance(0.1) ? 200 : random.between(1, 12))
        batch.in(keyspace).put(key, value)
        entries.set(key, { value, expiresAt: Infinity })
      }
      state.set(name, entries)
    }
    this.#noteSweeps()
    batch.commit()
    this.#states.push(state)
    this.#noteSweeps()
    if (random.chance(0.1)) this.#putExpiring()
  }

  /** Notes the commits that the database has made itself: they removed expired entries, and changed nothing that can be seen. */
  #noteSweeps(): void {
    while (this.seq < this.#db.seq) this.#states.push(this.#states.at(-1) as State)
  }

  #putExpiring(): void {
    const key = `k${this.#random.below(KEYS)}`
    const ttlMs = this.#random.chance(0.5) ? TTL_MS : 1e12
    this.#db.put(key, 'expires', { ttlMs })
    const entries = new Map(this.#states.at(-1)?.get('default'))
    entries.set(key, { value: 'expires', expiresAt: this.#time.now() + ttlMs })
    this.#states.push(new Map(this.#states.at(-1)).set('default', entries))
    this.#noteSweeps()
  }

  /** Creates or drops a keyspace now and then, which is a commit. Returns the batch of the commit that follows, which is never empty. */
  #changeSpaces(state: Map<string, ReadonlyMap<string, Entry>>): ReturnType<Database['batch']> {
    const random = this.#random
    this.#noteSweeps()
    if (random.chance(0.04)) {
      const name = `space ${this.#spaceNumber++}`
      this.#db.keyspace(name, { engine: random.chance(0.5) ? 'lsm' : 'btree' })
      state.set(name, new Map())
      this.#states.push(new Map(state))
    } else if (random.chance(0.03) && state.size > 1) {
      const name = random.pick([...state.keys()].filter((each) => each !== 'default'))
      this.#db.dropKeyspace(name)
      state.delete(name)
      this.#states.push(new Map(state))
    }
    return this.#db.batch()
  }

  #expected(seq: number): string {
    const now = this.#time.now()
    const spaces = [...(this.#states[seq] ?? new Map<string, ReadonlyMap<string, Entry>>())].map(
      ([name, entries]) =>
        [
          name,
          [...entries]
            .filter(([, { expiresAt }]) => expiresAt > now)
            .map(([key, { value }]) => [key, value] as const)
            .sort(([a], [b]) => (a < b ? -1 : 1)),
        ] as const,
    )
    return textOf(spaces)
  }
}

function contentOf(db: Database): string {
  return textOf(db.keyspaces().map(({ name }) => [name, db.keyspace(name).entries().toArray()] as const))
}

function textOf(spaces: readonly (readonly [string, readonly (readonly [string, string])[]])[]): string {
  return JSON.stringify([...spaces].sort(([a], [b]) => (a < b ? -1 : 1)))
}
