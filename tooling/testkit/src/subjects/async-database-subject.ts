import { Database } from '@ldb/core'
import type { AsyncDatabase } from '@ldb/core'
import type { Vfs } from '@ldb/vfs'
import type { History } from '../history/history.js'
import type { EntryShape } from '../history/model-changes.js'
import type { OrderRule } from '../trace/order-rules.js'
import type { Subject, SubjectRun, SubjectSession } from '../suite/subject.js'
import { swarmOptions, swarmWeights } from '../history/swarm.js'
import type { TestRandom } from '../base/test-random.js'
import { assertGuarantee } from '../base/violation.js'
import { DATABASE_DIRECTORY, databaseRules, openFilesOf } from './batch-changes.js'
import { AsyncCommitGroup } from './async-commit-group.js'
import type { CommitGroupOptions } from './async-commit-group.js'
import { timeOf } from './subject-time.js'
import { isSegment } from './wal-subject.js'

const STEPS = {
  group: 10,
  synced: 1,
  checkpoint: 2,
  concurrentCheckpoint: 4,
  compact: 1,
  reopen: 1,
  reads: 2,
  sweep: 1,
}
/** Interval of the expiry sweep. */
const SWEEP_MS = 1000

/**
 * The database through its async API. A step calls a group of commits at once; some are conditional, some use the
 * sync API.
 *
 * @category Subjects
 */
export const asyncDatabaseSubject: Subject = {
  sweepShare: 0.25,
  name: 'database-async',
  newRun: (random) => new AsyncDatabaseRun(random),
}

class AsyncDatabaseRun implements SubjectRun, CommitGroupOptions {
  readonly settings: string
  readonly rules: readonly OrderRule[] = databaseRules(true)
  readonly isLog = isSegment
  readonly mixesDurability: boolean
  readonly mixesApis: boolean
  readonly groupMax: number
  readonly shape: EntryShape
  readonly weights: Record<keyof typeof STEPS, number>
  #nowMs = 0

  constructor(random: TestRandom) {
    const options = swarmOptions(random, {
      mixesDurability: [true, false],
      mixesApis: [true, false],
      groupMax: [1, 4, 12],
      keyCount: [20, 200],
      prefix: ['', 'x'.repeat(120)],
      valueBytesMax: [100, 9000],
      batchMax: [1, 5],
    })
    this.mixesDurability = options.mixesDurability
    this.mixesApis = options.mixesApis
    this.groupMax = options.groupMax
    this.shape = options
    this.weights = { ...swarmWeights(random, STEPS), group: STEPS.group }
    this.settings = JSON.stringify({ ...options, steps: this.weights })
  }

  open(vfs: Vfs, history: History): SubjectSession {
    const database = this.openDatabase(vfs, history)
    history.isCreated = true
    return new AsyncDatabaseSession(this, vfs, database)
  }

  /** Advances the clock of all disks of the run, so that expired entries stay expired after a reopen. */
  advance(vfs: Vfs, byMs: number): void {
    this.#nowMs += byMs
    const time = timeOf(vfs)
    time.advance(Math.max(0, this.#nowMs - vfs.clock.now()))
  }

  openDatabase(vfs: Vfs, history: History): AsyncDatabase {
    this.#nowMs = Math.max(this.#nowMs, vfs.clock.now())
    this.advance(vfs, 0)
    const maxOpenFiles = openFilesOf(this.shape)
    const options = { vfs, cacheBytes: 65_536, maxOpenFiles, createIfMissing: !history.isCreated }
    return Database.open(DATABASE_DIRECTORY, options).promises
  }
}

class AsyncDatabaseSession implements SubjectSession {
  readonly #run: AsyncDatabaseRun
  readonly #vfs: Vfs
  #database: AsyncDatabase
  isOpen = true

  constructor(run: AsyncDatabaseRun, vfs: Vfs, database: AsyncDatabase) {
    this.#run = run
    this.#vfs = vfs
    this.#database = database
  }

  async step(random: TestRandom, history: History): Promise<void> {
    const database = this.#database
    switch (random.weighted(this.#run.weights)) {
      case 'group':
        await this.#group(history).commit(random)
        return
      case 'synced':
        await database.synced()
        history.acknowledgeDurable(history.submitted)
        return
      case 'checkpoint':
        await database.checkpoint()
        history.acknowledgeDurable(history.submitted)
        return
      case 'concurrentCheckpoint':
        await this.#commitDuringCheckpoint(random, history)
        return
      case 'compact':
        await database.compact()
        history.acknowledgeDurable(history.submitted)
        return
      case 'reads':
        await this.#read(random, history)
        return
      case 'sweep':
        this.#run.advance(this.#vfs, SWEEP_MS)
        for (let left = random.between(0, 40); left > 0; left--) await Promise.resolve()
        return
      case 'reopen': {
        const { poisoned } = database.sync.stats()
        this.isOpen = false
        await database.close()
        if (!history.inDoubt && !poisoned) history.acknowledgeDurable(history.submitted)
        this.#database = this.#run.openDatabase(this.#vfs, history)
        history.resumeFrom(this.observe(history, history.oldestAllowed))
        this.isOpen = true
        return
      }
    }
  }

  observe(history: History, least: number): number {
    const database = this.#database.sync
    const found = new Map<string, string>()
    for (const { name } of database.keyspaces()) {
      const keyspace = name === 'default' ? database : database.keyspace<string, string>(name)
      for (const [key, value] of keyspace.entries()) found.set(`${name}/${key}`, value)
    }
    return history.match(found, least)
  }

  verify(): string[] {
    return this.#database.sync
      .verify()
      .findings.map((finding) => `${finding.kind} ${finding.file} ${finding.offset}: ${finding.message}`)
  }

  close(clean: boolean): void {
    this.isOpen = false
    if (clean) this.#database.sync.close()
  }

  #group(history: History): AsyncCommitGroup {
    return new AsyncCommitGroup(this.#run, this.#vfs, this.#database, history)
  }

  /** Commits while an async checkpoint runs. A sync checkpoint may have to complete it at any moment. */
  async #commitDuringCheckpoint(random: TestRandom, history: History): Promise<void> {
    const before = history.submitted
    const checkpoint = this.#database.checkpoint()
    const ended = checkpoint.then(
      () => true,
      () => true,
    )
    try {
      for (let left = random.between(1, 3); left > 0; left--) {
        for (let waits = random.between(0, 12); waits > 0; waits--) await Promise.resolve()
        await this.#group(history).commit(random)
      }
      if (this.#run.mixesApis && random.chance(0.3)) {
        this.#database.sync.checkpoint()
        history.acknowledgeDurable(history.submitted)
      }
    } finally {
      await ended
    }
    await checkpoint
    history.acknowledgeDurable(before)
  }

  async #read(random: TestRandom, history: History): Promise<void> {
    // A failed commit may be visible or not.
    if (history.inDoubt) return
    const state = history.stateAt(history.submitted)
    const found = new Map<string, string>()
    const reverse = random.chance(0.5)
    for await (const [key, value] of this.#database.entries({ reverse })) found.set(`default/${key}`, value)
    for (const [name, value] of found) {
      assertGuarantee(state.get(name) === value, () => `a scan returns another value for ${name}`)
      const read = await this.#database.get(name.slice('default/'.length))
      assertGuarantee(read === value, () => `a get returns another value for ${name}`)
    }
    const expected = [...state.keys()].filter((name) => name.startsWith('default/')).length
    assertGuarantee(found.size === expected, () => `a scan returns ${found.size} entries of ${expected}`)
    assertGuarantee((await this.#database.count()) === expected, () => 'the count differs')
  }
}
