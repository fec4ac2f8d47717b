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
import { seededRandom } from '../test-random.js'
import type { TestRandom } from '../test-random.js'
import { promised, Violation } from '../violation.js'

const SHAPE = { keyCount: 40, prefix: '', valueBytesMax: 600, batchMax: 4 }
const LIVES = 6

/**
 * A copy that is kept by the changes alone, through crashes: whoever was told of a commit at `full` goes on behind it, and
 * is told of just those that have survived; or that the log no longer reaches back.
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
  /** Where the reader had come to when the disk was left. */
  #position: MirrorPosition | undefined = undefined
  #counts = { crashes: 0, resumed: 0, 'log cut': 0, commits: 0 }

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

  /** Goes on where the reader was, and compares what it then has with what there is. */
  async #resume(db: AsyncDatabase): Promise<ChangeMirror> {
    const position = this.#position
    if (position === undefined) return new ChangeMirror(db)
    promised(
      position.seq <= db.seq,
      () => `commit ${position.seq} was told and is lost; the newest is ${db.seq}`,
    )
    try {
      const mirror = new ChangeMirror(db, position)
      await expectAgreement(mirror)
      this.#counts.resumed++
      return mirror
    } catch (error) {
      if (!isLdbError(error, 'LDB_NOT_FOUND')) throw error
      this.#counts['log cut']++
      return new ChangeMirror(db)
    }
  }

  /** Some commits that are called at once: batches, single writes, transactions. */
  async #write(db: AsyncDatabase): Promise<void> {
    const random = this.#random
    const answers: Promise<unknown>[] = []
    for (let left = random.between(1, 6); left > 0; left--) {
      this.#counts.commits++
      const changes = randomChanges(random, SHAPE, ['default'])
      const kind = random.pick(['update', 'transaction', 'batch'] as const)
      if (kind === 'update') answers.push(db.update('counter', (value) => `${value ?? ''}+`.slice(-9)))
      else if (kind === 'transaction') {
        answers.push(
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
        answers.push(batch.commit())
      }
    }
    await Promise.all(answers)
    if (random.chance(0.05)) await db.checkpoint()
  }

  #open(): AsyncDatabase {
    const checkpointLogBytes = this.#checkpointLogBytes
    const settings = { ...PLAIN_SETTINGS, checkpointLogBytes, segmentBytes: 8_192, preallocateBytes: 0 }
    return Database.open(DATABASE_DIRECTORY, { ...optionsOf(settings), vfs: this.#disk }).promises
  }
}

async function expectAgreement(mirror: ChangeMirror): Promise<void> {
  const answer = await mirror.compare()
  promised(answer === 'agree', () => answer)
}
