import { isLdbError } from '@ldb/base'
import { Database } from '@ldb/core'
import type { Durability } from '@ldb/core'
import type { Vfs } from '@ldb/vfs'
import { seededRandom } from '../base/test-random.js'
import type { TestRandom } from '../base/test-random.js'
import { Violation } from '../base/violation.js'
import { CrashVfs } from '../crash/crash-vfs.js'
import { CANONICAL_MODES, crashPlan } from '../crash/plan.js'
import { CapacityVfs } from '../vfs/capacity-vfs.js'

/** @category Drivers */
export interface FullDeviceCounts {
  /** Disks after a crash during the recovery that were recovered in turn. */
  images: number
  /** Calls that failed because the device was full. */
  fullCalls: number
  /** Space that deletes returned, in bytes. */
  returnedBytes: number
}

/** Ways to delete. Single deletes of everything need a device that reports its free space. */
const WAYS = ['clear', 'range', 'drop', 'singles'] as const
type Way = (typeof WAYS)[number]

/** One database on a full device. */
interface Setting {
  readonly capacityBytes: number
  readonly reportsFree: boolean
  readonly durability: Durability
  readonly isAsync: boolean
  readonly valueBytes: number
  readonly pageBytes: number
  /** Other files fill the device, in place of the database. */
  readonly isFilledOutside: boolean
  readonly way: Way
}

const PATH = 'device/data'
const OPENS_MAX = 20
const IMAGES_MAX = 12

/**
 * Fills a device with a database, or with other files beside it, loses the process or the power, opens it for writing, deletes, checkpoints
 * and writes again. Loses the power at operations of the recovery, and recovers from that too.
 *
 * Invariants: every open succeeds; every acknowledged commit at `full` is present and no commit is present in part; space returns to
 * the device, and commits are accepted again; `verify` finds nothing.
 *
 * @throws Violation when one of them does not hold.
 * @category Drivers
 */
export async function fullDeviceRun(seed: number): Promise<FullDeviceCounts> {
  const counts: FullDeviceCounts = { images: 0, fullCalls: 0, returnedBytes: 0 }
  const random = seededRandom(seed)
  const setting = settingOf(random)
  try {
    await new FullDevice(setting, random, counts).run()
  } catch (error) {
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    throw new Violation(`${message}\n  with ${JSON.stringify(setting)}`, { cause: error })
  }
  return counts
}

function settingOf(random: TestRandom): Setting {
  const isFilledOutside = random.chance(0.3)
  const reportsFree = random.chance(0.6)
  const mayDeleteSingly = reportsFree && !isFilledOutside
  return {
    capacityBytes: random.pick([400_000, 700_000, 1_500_000]),
    reportsFree,
    durability: random.pick(['full', 'full', 'periodic', 'none'] as const),
    isAsync: random.chance(0.4),
    valueBytes: random.pick([60, 900, 9000]),
    pageBytes: random.pick([512, 4096]),
    isFilledOutside,
    way: random.pick(mayDeleteSingly ? WAYS : WAYS.filter((way) => way !== 'singles')),
  }
}

function open(vfs: Vfs, { durability, pageBytes }: Setting): Database {
  const tuning = { pageBytes, reservingBytes: 16_384 }
  const options = { vfs, durability, cacheBytes: 4_194_304, [Symbol.for('ldb.tuning')]: tuning }
  return Database.open(PATH, options)
}

/** A key sorts by a hash of its number, so that commits reach all pages. */
function keyOf(number: number): string {
  return `${String((number * 7919) % 10_007).padStart(5, '0')}-${number}`
}

class FullDevice {
  readonly #setting: Setting
  readonly #random: TestRandom
  readonly #counts: FullDeviceCounts
  /** Numbers of commits are those of their keys. */
  #acknowledged = 0
  /** What other files leave of the device. */
  #capacityBytes: number
  #submitted = 0

  constructor(setting: Setting, random: TestRandom, counts: FullDeviceCounts) {
    this.#setting = setting
    this.#capacityBytes = setting.capacityBytes
    this.#random = random
    this.#counts = counts
  }

  async run(): Promise<void> {
    const disk = new CrashVfs({ seed: this.#random.word() })
    disk.makeDirectory('device')
    disk.syncDirectory('.')
    const device = this.#deviceOn(disk)
    await this.#fill(device)
    disk.endProcess()
    // Other files cannot take what only a loss of power returns.
    const mode = this.#setting.isFilledOutside ? 'killed' : this.#random.pick(CANONICAL_MODES)
    const image = disk.image(crashPlan(mode, this.#random.word()))
    const pending: CrashVfs[] = []
    this.#recover(this.#deviceOn(image), image, pending)
    for (const next of pending) {
      this.#counts.images++
      this.#recover(this.#deviceOn(next), next, undefined)
    }
    this.#counts.fullCalls += device.fullCount
  }

  #deviceOn(disk: CrashVfs): CapacityVfs {
    return new CapacityVfs(disk, 'device', { ...this.#setting, capacityBytes: this.#capacityBytes })
  }

  /** Commits entries until the device is full. */
  async #fill(device: CapacityVfs): Promise<void> {
    const { valueBytes, isAsync, isFilledOutside, capacityBytes } = this.#setting
    const db = open(device, this.#setting)
    const users = db.keyspace('users')
    const asyncUsers = await db.promises.keyspace('users')
    const last = isFilledOutside ? Math.ceil(capacityBytes / 5 / (valueBytes + 60)) : 100_000
    try {
      while (this.#submitted < last) {
        const number = ++this.#submitted
        const value = String(number % 10).repeat(valueBytes)
        await (isAsync ? asyncUsers : users).put(keyOf(number), value)
        if (this.#setting.durability === 'full') this.#acknowledged = number
      }
      if (!isFilledOutside) throw new Violation('the device is never full')
      this.#capacityBytes -= device.free()
    } catch (error) {
      if (!isLdbError(error, 'LDB_NO_SPACE') && !isLdbError(error, 'LDB_COMMIT_UNKNOWN')) throw error
    }
  }

  /** @param images - receives disks after a crash during the recovery. */
  #recover(device: CapacityVfs, disk: CrashVfs, images: CrashVfs[] | undefined): void {
    const random = this.#random
    if (images !== undefined) {
      disk.onOperation = (): void => {
        if (images.length < IMAGES_MAX && random.chance(0.1))
          images.push(
            disk.image(
              crashPlan(
                this.#setting.isFilledOutside ? 'killed' : random.pick(CANONICAL_MODES),
                random.word(),
              ),
            ),
          )
      }
    }
    if (device.isOverfull) return
    const before = device.free()
    // A crash during the recovery leaves anything between all and nothing.
    let db = images === undefined ? open(device, this.#setting) : this.#openChecked(device)
    for (let openCount = 1; ; openCount++) {
      try {
        this.#delete(db)
        db.checkpoint()
        break
      } catch (error) {
        if (!isLdbError(error, 'LDB_NO_SPACE') && !isLdbError(error, 'LDB_POISONED')) throw error
        if (openCount === OPENS_MAX) throw new Violation(`deletes never succeed: ${error.message}`)
        db.close()
        db = open(device, this.#setting)
      }
    }
    this.#counts.returnedBytes += Math.max(0, device.free() - before)
    this.#writeAgain(db, device)
    const { findings } = db.verify()
    if (findings.length > 0) throw new Violation(`verify finds: ${JSON.stringify(findings.slice(0, 3))}`)
    db.close()
    disk.onOperation = undefined
  }

  #openChecked(device: CapacityVfs): Database {
    const db = open(device, this.#setting)
    const users = db.keyspace('users')
    const found = users.count()
    if (found < this.#acknowledged || found > this.#submitted) {
      throw new Violation(`${found} commits are left of ${this.#acknowledged} to ${this.#submitted}`)
    }
    for (let number = 1; number <= found; number++) {
      const value = users.get(keyOf(number))
      if (value?.length !== this.#setting.valueBytes) throw new Violation(`commit ${number} is missing`)
    }
    return db
  }

  #delete(db: Database): void {
    if (!db.keyspaces().some(({ name }) => name === 'users')) return
    const users = db.keyspace('users')
    const { way } = this.#setting
    if (way === 'drop') db.dropKeyspace('users')
    else if (way === 'clear') users.clear()
    else if (way === 'range') users.deleteRange({ gte: '0' })
    else for (const key of users.keys().toArray()) users.delete(key)
  }

  #writeAgain(db: Database, device: CapacityVfs): void {
    device.capacityBytes = this.#setting.capacityBytes
    for (let number = 0; number < 20; number++) db.put(`after-${number}`, 'v'.repeat(60))
    db.checkpoint()
    if (db.count({ prefix: 'after-' }) !== 20) throw new Violation('commits after the recovery are missing')
  }
}
