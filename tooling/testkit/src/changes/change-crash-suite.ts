import { isLdbError } from '@ldb/base'
import { Database } from '@ldb/core'
import type { AsyncDatabase } from '@ldb/core'
import { crashPlan, randomCrashPlan } from '../crash/plan.js'
import { CrashVfs } from '../crash/crash-vfs.js'
import type { Suite, SuiteCounts } from '../suite/suite.js'
import { randomChanges } from '../history/model-changes.js'
import { ChangeMirror } from '../model/session/change-mirror.js'
import type { MirrorPosition } from '../model/session/change-mirror.js'
import { optionsOf, PLAIN_SETTINGS } from '../model/commands/run-settings.js'
import { addChange, DATABASE_DIRECTORY } from '../subjects/batch-changes.js'
import { seededRandom } from '../base/test-random.js'
import type { TestRandom } from '../base/test-random.js'
import { assertGuarantee, Violation } from '../base/violation.js'

const SHAPE = { keyCount: 40, prefix: '', valueBytesMax: 600, batchMax: 4 }
const LIVES = 6

/**
 * Maintains a copy from the change stream through crashes. A reader that received a commit at `full` resumes after
 * it and receives exactly the commits that survived; or LDB_NOT_FOUND when the log was truncated.
 */
export const changeCrashSuite: Suite = {
  name: 'changes',
  runCase: async (seed) => {
    const run = new ChangeCrashRun(seededRandom(seed))
    try {
      return await run.run()
    } catch (error) {
      if (!(error instanceof Violation)) throw error
      throw new Violation(`seed ${seed}: ${error.message}`, { cause: error })
    }
  },
}

class ChangeCrashRun {
  readonly #random: TestRandom
  readonly #checkpointLogBytes: number
  #disk: CrashVfs
  /** The state of the mirror at the crash. */
  #position: MirrorPosition | undefined = undefined
  #counts = { crashes: 0, resumed: 0, 'log truncated': 0, commits: 0, dropped: 0 }

  constructor(random: TestRandom) {
    this.#random = random
    this.#checkpointLogBytes = random.pick([5_000, 1_000_000])
    this.#disk = new CrashVfs({ seed: random.word() })
  }

  async run(): Promise<SuiteCounts> {
    for (let life = 0; life < LIVES; life++) await this.#live()
    return this.#counts
  }

  async #live(): Promise<void> {
    const random = this.#random
    const db = this.#open()
    const mirror = await this.#resume(db)
    const disk = this.#disk
    let left = random.between(1, 60)
    let image: CrashVfs | undefined
    disk.onOperation = (): void => {
      if (--left > 0 || image !== undefined) return
      image = disk.image(random.chance(0.3) ? crashPlan('killed', random.word()) : randomCrashPlan(random))
      this.#position = mirror.position
    }
    for (let round = 0; round < 60 && image === undefined; round++) {
      await this.#write(db)
      if (random.chance(0.5)) await expectAgreement(mirror)
    }
    disk.onOperation = undefined
    await mirror.end()
    if (image === undefined) {
      this.#position = mirror.position
      await db.close()
    } else this.#disk = image
    this.#counts.crashes++
  }

  /** Resumes the mirror at its last position and compares it with the database. */
  async #resume(db: AsyncDatabase): Promise<ChangeMirror> {
    const position = this.#position
    if (position === undefined) return new ChangeMirror(db)
    assertGuarantee(
      position.seq <= db.seq,
      () => `commit ${position.seq} was received from the stream but is lost; the newest is ${db.seq}`,
    )
    try {
      const mirror = new ChangeMirror(db, position)
      await expectAgreement(mirror)
      this.#counts.resumed++
      return mirror
    } catch (error) {
      if (!isLdbError(error, 'LDB_NOT_FOUND')) throw error
      this.#counts['log truncated']++
      return new ChangeMirror(db)
    }
  }

  /** Makes several concurrent commits: batches, single writes and transactions. */
  async #write(db: AsyncDatabase): Promise<void> {
    const random = this.#random
    const results: Promise<unknown>[] = []
    for (let left = random.between(1, 6); left > 0; left--) {
      this.#counts.commits++
      const changes = randomChanges(random, SHAPE, ['default'])
      const kind = random.pick(['update', 'transaction', 'batch'] as const)
      if (kind === 'update') results.push(db.update('counter', (value) => `${value ?? ''}+`.slice(-9)))
      else if (kind === 'transaction') {
        results.push(
          db.transaction(
            async (transaction) => {
              for (const change of changes) await addChange(transaction, change)
            },
            { retries: Infinity },
          ),
        )
      } else {
        const batch = db.batch()
        for (const change of changes) addChange(batch, change)
        results.push(batch.commit())
      }
    }
    await Promise.all(results)
    await this.#changeKeyspaces(db)
    if (random.chance(0.05)) await db.checkpoint()
  }

  /** Creates or drops a keyspace, and writes to the one that exists. */
  async #changeKeyspaces(db: AsyncDatabase): Promise<void> {
    const random = this.#random
    if (!random.chance(0.4)) return
    const name = random.pick(['side', 'other'])
    if ((await db.keyspaces()).some((keyspace) => keyspace.name === name) && random.chance(0.5)) {
      await db.dropKeyspace(name)
      this.#counts.dropped++
      return
    }
    const keyspace = await db.keyspace<string, string>(name)
    if (random.chance(0.7)) await keyspace.put(`key ${random.below(5)}`, String(random.word()))
  }

  #open(): AsyncDatabase {
    const checkpointLogBytes = this.#checkpointLogBytes
    const settings = { ...PLAIN_SETTINGS, checkpointLogBytes, segmentBytes: 8_192, preallocateBytes: 0 }
    return Database.open(DATABASE_DIRECTORY, { ...optionsOf(settings), vfs: this.#disk }).promises
  }
}

async function expectAgreement(mirror: ChangeMirror): Promise<void> {
  const result = await mirror.compare()
  assertGuarantee(result === 'agree', () => result)
}
