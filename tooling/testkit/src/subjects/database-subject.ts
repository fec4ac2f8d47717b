import { Database } from '@ldb/core'
import type { Durability, Keyspace } from '@ldb/core'
import type { Vfs } from '@ldb/vfs'
import { smallLsmEngine } from './small-lsm-engine.js'
import type { History } from '../history/history.js'
import { randomChanges } from '../history/model-changes.js'
import type { EntryShape } from '../history/model-changes.js'
import type { OrderRule } from '../trace/order-rules.js'
import { TEST_KEY } from '../model/commands/run-settings.js'
import { attemptCommit } from '../suite/subject.js'
import type { Subject, SubjectRun, SubjectSession } from '../suite/subject.js'
import { swarmOptions, swarmWeights } from '../history/swarm.js'
import type { TestRandom } from '../base/test-random.js'
import { assertGuarantee } from '../base/violation.js'
import { addChange, DATABASE_DIRECTORY, databaseRules, openFilesOf } from './batch-changes.js'
import { timeOf } from './subject-time.js'
import { isSegment } from './wal-subject.js'

const STEPS = {
  commit: 10,
  sync: 1,
  checkpoint: 2,
  compact: 1,
  reopen: 1,
  keyspace: 2,
  drop: 1,
  second: 1,
  time: 1,
}
/** Names of keyspaces that steps create and drop; `default` always exists. */
const NAMES = ['users', 'orders']

/**
 * The database through its sync API. A commit is a batch over keyspaces.
 *
 * @category Subjects
 */
export const databaseSubject: Subject = {
  name: 'database',
  sweepShare: 0.25,
  newRun: (random) => new DatabaseRun(random),
}

/**
 * The same with small LSM trees in the place of B+trees.
 *
 * @category Subjects
 */
export const lsmDatabaseSubject: Subject = {
  name: 'database-lsm',
  sweepShare: 0.25,
  newRun: (random) =>
    new DatabaseRun(random, { tuning: { engines: { btree: smallLsmEngine(random.below(1000)) } } }),
}

/**
 * The same with values over 64 bytes in blob files of a few kilobytes, and a collector that works all the time.
 *
 * @category Subjects
 */
export const blobDatabaseSubject: Subject = {
  name: 'database-blobs',
  sweepShare: 0.25,
  newRun: (random) =>
    new DatabaseRun(random, { blobBytes: 64, tuning: { blobFileBytes: random.pick([4096, 32_768]) } }),
}

/**
 * The same encrypted, with large values in blob files.
 *
 * @category Subjects
 */
export const encryptedDatabaseSubject: Subject = {
  name: 'database-encrypted',
  sweepShare: 0.1,
  newRun: (random) =>
    new DatabaseRun(random, { blobBytes: 2048, isEncrypted: true, tuning: { blobFileBytes: 32_768 } }),
}

/** How the database of a run differs from the default. */
interface DatabaseVariant {
  readonly blobBytes?: number
  readonly isEncrypted?: boolean
  readonly tuning?: { readonly blobFileBytes?: number; readonly engines?: object }
}

/** Key of internal settings in the options of a database. */
const TUNING = Symbol.for('ldb.tuning')
/** A log so short that a run makes automatic checkpoints, which are spread over its commits. */
const SHORT_LOG_BYTES = 2048
/** A quarter of the smallest cache. */
const ARENA_BYTES = 65_536

class DatabaseRun implements SubjectRun {
  readonly settings: string
  readonly rules: readonly OrderRule[]
  readonly isLog = isSegment
  readonly durability: Durability
  readonly mixesDurability: boolean
  readonly shape: EntryShape
  readonly weights: Record<keyof typeof STEPS, number>
  readonly #hasShortLog: boolean
  /** The page cache is divided into arenas, as one above 2 GiB is. */
  readonly #dividesCache: boolean
  readonly #variant: DatabaseVariant

  constructor(random: TestRandom, variant: DatabaseVariant = {}) {
    this.#variant = variant
    const { durability, mixesDurability } = swarmOptions(random, {
      durability: ['full', 'full', 'periodic', 'none'],
      mixesDurability: [true, false],
    })
    this.durability = durability
    this.mixesDurability = mixesDurability
    this.shape = swarmOptions(random, {
      keyCount: [20, 200],
      prefix: ['', 'x'.repeat(120)],
      valueBytesMax: [100, 9000],
      batchMax: [3, 20],
    })
    this.weights = { ...swarmWeights(random, STEPS), commit: STEPS.commit }
    this.#hasShortLog = this.shape.valueBytesMax < SHORT_LOG_BYTES
    this.#dividesCache = this.shape.batchMax === 20
    this.rules = databaseRules(this.#hasShortLog)
    this.settings = JSON.stringify({ durability, mixesDurability, ...this.shape, steps: this.weights })
  }

  open(vfs: Vfs, history: History): SubjectSession {
    const database = this.openDatabase(vfs, history)
    history.isCreated = true
    return new DatabaseSession(this, vfs, database)
  }

  openDatabase(vfs: Vfs, history: History): Database {
    const { durability, shape } = this
    const tuning = {
      ...(this.#hasShortLog && { checkpointLogBytes: SHORT_LOG_BYTES }),
      ...(this.#dividesCache && { arenaBytes: ARENA_BYTES }),
      ...this.#variant.tuning,
    }
    return Database.open(DATABASE_DIRECTORY, {
      vfs,
      durability,
      maxOpenFiles: openFilesOf(shape),
      cacheBytes: 65_536,
      blobBytes: this.#variant.blobBytes ?? 16_384,
      ...(this.#variant.isEncrypted === true && { encryption: { key: TEST_KEY } }),
      createIfMissing: !history.isCreated,
      ...{ [TUNING]: tuning },
    })
  }
}

class DatabaseSession implements SubjectSession {
  readonly #run: DatabaseRun
  readonly #vfs: Vfs
  #database: Database
  isOpen = true
  hasUnsyncedRecord = false
  /** True after an error event, also one of background work. */
  #hasFailed = false

  constructor(run: DatabaseRun, vfs: Vfs, database: Database) {
    this.#run = run
    this.#vfs = vfs
    this.#database = this.#withErrorListener(database)
  }

  #withErrorListener(database: Database): Database {
    this.#hasFailed = false
    return database.on('error', () => {
      this.#hasFailed = true
    })
  }

  async step(random: TestRandom, history: History): Promise<void> {
    const database = this.#database
    this.hasUnsyncedRecord = false
    switch (random.weighted(this.#run.weights)) {
      case 'commit':
        this.#commit(random, history)
        return
      case 'sync':
        database.sync()
        history.acknowledgeDurable(history.submitted)
        return
      case 'checkpoint':
        database.checkpoint()
        history.acknowledgeDurable(history.submitted)
        return
      case 'compact':
        database.compact()
        history.acknowledgeDurable(history.submitted)
        return
      case 'keyspace':
        this.#makeKeyspace(random.pick(NAMES), history)
        return
      case 'drop':
        this.#drop(random, history)
        return
      case 'time':
        this.#passTime(history)
        return
      case 'reopen': {
        // A poisoned database does not write a clean-close record.
        const { poisoned } = database.stats()
        this.close(true)
        if (!history.inDoubt && !poisoned) history.acknowledgeDurable(history.submitted)
        this.#database = this.#withErrorListener(this.#run.openDatabase(this.#vfs, history))
        history.resumeFrom(this.observe(history, history.oldestAllowed))
        this.isOpen = true
        return
      }
      case 'second':
        this.#openSecond(history)
        return
    }
  }

  observe(history: History, least: number): number {
    const database = this.#database
    const found = new Map<string, string>()
    for (const { name } of database.keyspaces()) {
      const keyspace = this.#keyspace(name)
      let count = 0
      for (const [key, value] of keyspace.entries()) {
        found.set(`${name}/${key}`, value)
        count++
      }
      assertGuarantee(
        keyspace.count() === count,
        () => `${name} counts ${keyspace.count()} entries and has ${count}`,
      )
    }
    return history.match(found, least)
  }

  verify(): string[] {
    return this.#database
      .verify()
      .findings.map((finding) => `${finding.kind} ${finding.file} ${finding.offset}: ${finding.message}`)
  }

  close(clean: boolean): void {
    this.isOpen = false
    if (clean) this.#database.close()
  }

  #commit(random: TestRandom, history: History): void {
    const database = this.#database
    const spaces = database.keyspaces().map(({ name }) => name)
    const changes = randomChanges(random, this.#run.shape, spaces)
    const durability = this.#run.mixesDurability
      ? random.pick(['full', 'periodic', 'none'] as const)
      : this.#run.durability
    const batch = database.batch()
    for (const change of changes) addChange(batch.in(this.#keyspace(change.space)), change)
    const isWritable = (): boolean => !database.stats().poisoned
    const commit = attemptCommit(history, changes, () => batch.commit({ durability }), isWritable)
    if (durability === 'full') history.acknowledgeDurable(commit)
    else if (durability === 'periodic') history.acknowledgeFlushed(commit)
  }

  #keyspace(name: string): Database | Keyspace<string, string> {
    return name === 'default' ? this.#database : this.#database.keyspace<string, string>(name)
  }

  #makeKeyspace(name: string, history: History): void {
    const isNew = !this.#database.keyspaces().some((keyspace) => keyspace.name === name)
    this.#database.keyspace(name)
    this.hasUnsyncedRecord = isNew
    if (isNew) history.acknowledgeDurable(history.submitted)
  }

  /** Drops a keyspace. In the model, the drop is a commit that deletes all of its entries. */
  #drop(random: TestRandom, history: History): void {
    const name = random.pick(NAMES)
    if (!this.#database.keyspaces().some((keyspace) => keyspace.name === name)) return
    const commit = attemptCommit(
      history,
      [{ kind: 'deleteRange', space: name, lower: '', upper: undefined }],
      () => {
        this.#database.dropKeyspace(name)
      },
    )
    history.acknowledgeDurable(commit)
  }

  /** Advances the clock, which makes the background sync the commits that are not yet durable. */
  #passTime(history: History): void {
    const time = timeOf(this.#vfs)
    time.advance(1000)
    const { unsyncedBytes } = this.#database.stats().log
    assertGuarantee(
      unsyncedBytes === 0 || this.#hasFailed,
      () => `${unsyncedBytes} bytes were not synced in time`,
    )
    if (unsyncedBytes === 0 && !history.inDoubt) history.acknowledgeDurable(history.submitted)
  }

  /** Checks that a second open is refused and changes nothing. */
  #openSecond(history: History): void {
    let refused = false
    try {
      this.#run.openDatabase(this.#vfs, history)
    } catch {
      refused = true
    }
    assertGuarantee(refused, () => 'a second open succeeded')
  }
}
