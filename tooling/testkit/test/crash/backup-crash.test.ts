// Strategy: commits with an archive, full and incremental backups and restores, with images of the disk at many operations and of every mode.
// Invariants: in each image, the database has every acknowledged commit, and verifies. A backup is absent or whole: each number that is
// listed restores to its state. A restored directory, from backups and from a stream, is absent or whole. Together with the archive, every acknowledged commit that was
// archived before the crash, and after the next open every commit, can be restored.
import { Database } from '@ldb/core'
import type { Vfs } from '@ldb/vfs'
import { expect, test } from 'vitest'
import { seededRandom } from '../../src/base/test-random.js'
import { CrashVfs } from '../../src/crash/crash-vfs.js'
import { CANONICAL_MODES, crashPlan, randomCrashPlan } from '../../src/crash/plan.js'
import { reportCounts } from '../counted.js'

const TUNING = Symbol.for('ldb.tuning')
/** Share of the operations at which an image is taken. */
const IMAGE_SHARE = 0.07

interface Image {
  readonly disk: CrashVfs
  /** Acknowledged commits, and those of the backups that were made. */
  readonly least: number
  readonly backups: readonly number[]
  readonly archived: number
  /** Commit of the stream that is restored. */
  readonly streamedSeq: number
  readonly at: string
}

function open(vfs: Vfs): Database {
  const tuning = { preallocateBytes: 0, checkpointLogBytes: 3000, segmentBytes: 2048 }
  const options = {
    vfs,
    durability: 'full',
    workers: 0,
    archive: { to: 'archive' },
    cacheBytes: 1 << 20,
  } as const
  return Database.open('data', { ...options, ...{ [TUNING]: tuning } })
}

/** The state at a commit: the model of the run, which is the same at each position. */
function stateAt(seq: number): string {
  const state = new Map<string, string>()
  for (let each = 1; each <= seq; each++) state.set(`k${each % 7}`, valueOf(each))
  return JSON.stringify([...state].sort(([a], [b]) => (a < b ? -1 : 1)))
}

function valueOf(seq: number): string {
  return `${seq} `.repeat(seq % 9 === 4 ? 9000 : 30)
}

function contentAt(vfs: Vfs, directory: string): string {
  const db = Database.open(directory, { vfs, createIfMissing: false, cacheBytes: 1 << 20 })
  const content = JSON.stringify(db.entries().toArray())
  db.close()
  return content
}

function put(db: Database): void {
  const seq = db.seq + 1
  db.put(`k${seq % 7}`, valueOf(seq))
}

function check({ disk, least, backups, archived, streamedSeq, at }: Image): void {
  if (disk.status('restored') !== undefined)
    expect(contentAt(disk, 'restored'), at).toBe(stateAt(backups.at(-1) ?? 0))
  if (disk.status('streamed') !== undefined)
    expect(contentAt(disk, 'streamed'), at).toBe(stateAt(streamedSeq))
  const listed =
    disk.status('backups') === undefined ? [] : disk.list('backups').filter((name) => /^\d+$/.test(name))
  expect(listed.length, at).toBeGreaterThanOrEqual(backups.length)
  for (const [index, seq] of backups.entries()) {
    Database.restore('backups', `r${index}`, { vfs: disk, until: seq })
    expect(contentAt(disk, `r${index}`), at).toBe(stateAt(seq))
  }
  if (listed.length > 0 && archived > 0) {
    const { seq } = Database.restore('backups', 'x', { vfs: disk, archive: 'archive' })
    expect(seq, at).toBeGreaterThanOrEqual(archived)
    expect(contentAt(disk, 'x'), at).toBe(stateAt(seq))
  }
  const db = open(disk)
  expect(db.seq, at).toBeGreaterThanOrEqual(least)
  expect(JSON.stringify(db.entries().toArray()), at).toBe(stateAt(db.seq))
  put(db)
  db.backup('backups', { incremental: true })
  db.close()
  expect(Database.verify('data', { vfs: disk }).findings, at).toEqual([])
  if (listed.length > 0) {
    // Every commit above the first backup, those of the crashed process included.
    for (const until of [least, db.seq]) {
      if (until < (backups[0] ?? Infinity)) continue
      Database.restore('backups', `y${until}`, { vfs: disk, archive: 'archive', until })
      expect(contentAt(disk, `y${until}`), at).toBe(stateAt(until))
    }
  }
  disk.endProcess()
}

test(
  'a crash leaves whole backups, whole restored databases and an archive that goes on',
  { timeout: 300_000 },
  async (context) => {
    let imageCount = 0
    for (let seed = 1; seed <= 2; seed++) {
      const random = seededRandom(seed)
      const disk = new CrashVfs({ seed })
      const images: Image[] = []
      const backups: number[] = []
      let least = 0
      let archived = 0
      let streamedSeq = 0
      const db = open(disk)
      disk.onOperation = ({ kind, path }, order) => {
        if (!random.chance(IMAGE_SHARE)) return
        const plan = random.chance(0.5)
          ? crashPlan(random.pick(CANONICAL_MODES), 1000 + order)
          : randomCrashPlan(random)
        const at = `seed ${seed}, ${kind} of ${path} (${order}), ${JSON.stringify(plan)}`
        images.push({ disk: disk.image(plan), least, backups: [...backups], archived, streamedSeq, at })
      }
      const work = (count: number): void => {
        for (let each = 0; each < count; each++) {
          put(db)
          least = db.seq
        }
        archived = db.stats().archive?.seq ?? 0
      }
      work(6)
      backups.push(db.backup('backups').seq)
      work(12)
      db.checkpoint()
      archived = db.stats().archive?.seq ?? 0
      backups.push(db.backup('backups', { incremental: true }).seq)
      work(4)
      // The commits since.
      const { content, seq } = db.backup('backups', { incremental: true })
      expect(content).toBe('commits')
      backups.push(seq)
      work(2)
      Database.restore('backups', 'restored', { vfs: disk })
      const parts: Uint8Array[] = []
      const write = (part: Uint8Array): void => void parts.push(part)
      streamedSeq = (await db.backupTo(new WritableStream<Uint8Array>({ write }))).seq
      await Database.restore(parts.values(), 'streamed', { vfs: disk })
      db.close()
      disk.onOperation = undefined
      imageCount += images.length
      for (const image of images) check(image)
    }
    reportCounts(context, `backups: ${imageCount} images, 0 violations`)
    expect(imageCount).toBeGreaterThan(20)
  },
)
