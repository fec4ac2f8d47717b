// Strategy: encrypted databases are cut off at every operation of a change of the key, copied, cloned, restored and damaged.
// Invariants: at every moment one of the two secrets opens the database, with everything in it; no pair of a key and a nonce is ever used
// twice; no change of a byte is silent.
import { Database, isLdbError } from '@ldb/core'
import type { Encryption } from '@ldb/core'
import { Xaes256Gcm } from '@ldb/integrity'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { CrashVfs } from '../src/crash/crash-vfs.js'
import { crashPlan } from '../src/crash/plan.js'
import type { CrashMode } from '../src/crash/plan.js'

const TUNING = Symbol.for('ldb.tuning')
const OLD: Encryption = { key: new Uint8Array(32).fill(1) }
const NEW: Encryption = { key: new Uint8Array(32).fill(2) }
const MODES: readonly CrashMode[] = [
  'none',
  'all',
  'prefix',
  'sectors',
  'torn',
  'sizes',
  'data',
  'names',
  'killed',
]

function open(vfs: CrashVfs, encryption: Encryption): Database {
  const tuning = { pageBytes: 1024, preallocateBytes: 0, blobFileBytes: 8192 }
  return Database.open('db', {
    vfs,
    encryption,
    blobBytes: 2000,
    cacheBytes: 65_536,
    ...{ [TUNING]: tuning },
  })
}

function codeOf(call: () => unknown): string {
  try {
    call()
  } catch (error) {
    return isLdbError(error) ? error.code : String(error)
  }
  return 'none'
}

/** Entries in pages, extents, tables and blob files, in the log and in checkpoints. */
function write(db: Database, round: number): void {
  const lsm = db.keyspace('lsm', { engine: 'lsm' })
  for (let index = 0; index < 30; index++) {
    db.put(`key ${index}`, `${round}`.padEnd(index * 20, 'v'))
    lsm.put(`key ${index}`, `${round}`)
  }
  db.put('large', `${round}`.padEnd(5000, 'w'), { durability: 'none' })
  db.checkpoint()
  db.put('after', `${round}`)
}

const contentOf = (db: Database): string =>
  JSON.stringify([db.entries().toArray(), db.keyspace('lsm').entries().toArray()])

describe('a change of the key', () => {
  test('leaves one of the two secrets valid, wherever power is lost', () => {
    const vfs = new CrashVfs()
    const db = open(vfs, OLD)
    write(db, 1)
    const expected = contentOf(db)
    const images: CrashVfs[] = []
    let seed = 0
    const listen = (): void => {
      for (const mode of MODES) images.push(vfs.image(crashPlan(mode, ++seed)))
    }
    vfs.onOperation = listen
    db.rotateKey(NEW)
    vfs.onOperation = undefined
    listen()
    db.put('after the change', 'is encrypted with the new data key')
    const last = MODES.map((mode) => vfs.image(crashPlan(mode, ++seed)))
    const valid = { old: 0, new: 0 }
    for (const image of images) {
      const isOld = codeOf(() => open(image, OLD).close()) === 'none'
      const isNew = codeOf(() => open(image, NEW).close()) === 'none'
      expect([isOld, isNew].filter(Boolean)).toHaveLength(1)
      valid[isOld ? 'old' : 'new']++
      const found = open(image, isOld ? OLD : NEW)
      expect(contentOf(found)).toBe(expected)
      expect(found.verify().findings).toEqual([])
      // What is written now is readable with the keys that survive another power loss.
      found.put('next', 'life')
      const again = open(image.image(crashPlan('none', ++seed)), isOld ? OLD : NEW)
      expect(again.get('next')).toBe('life')
      again.close()
      found.close()
    }
    expect(Math.min(valid.old, valid.new)).toBeGreaterThan(5)
    for (const image of last) {
      const found = open(image, NEW)
      expect(found.get('after the change')).toBe('is encrypted with the new data key')
      found.close()
    }
    db.close()
  })
})

describe('a renewal of data keys', () => {
  test('loses nothing wherever power is lost, and is completed by the next one', () => {
    const vfs = new CrashVfs()
    const db = open(vfs, OLD)
    write(db, 1)
    db.put('in an extent', 'x'.repeat(1500))
    const expected = contentOf(db)
    db.rotateKey(NEW, { renew: false })
    let seed = 0
    let operations = 0
    const images: CrashVfs[] = []
    vfs.onOperation = (): void => {
      operations++
      // Every operation in turn, over all modes; some of them, because each image is opened twice.
      if (operations % 3 === 0) images.push(vfs.image(crashPlan(MODES[++seed % MODES.length]!, seed)))
    }
    expect(db.renewKeys().obstacle).toBeUndefined()
    vfs.onOperation = undefined
    for (const mode of MODES) images.push(vfs.image(crashPlan(mode, ++seed)))
    db.close()
    const counts = { old: 0, renewed: 0 }
    for (const image of images) {
      const found = open(image, NEW)
      const keyCount = found.stats().encryption?.dataKeyCount
      counts[keyCount === 1 ? 'renewed' : 'old']++
      expect(contentOf(found)).toBe(expected)
      found.put('next', 'life')
      expect(found.renewKeys().obstacle).toBeUndefined()
      found.close()
      // With the new data key alone, everything is whole.
      const last = open(image, NEW)
      expect(last.stats().encryption).toMatchObject({ dataKeyId: 2, dataKeyCount: 1 })
      last.delete('next')
      expect(contentOf(last)).toBe(expected)
      expect(last.verify().findings).toEqual([])
      last.close()
    }
    expect([counts.old > 20, counts.renewed >= MODES.length, operations > 100]).toEqual([true, true, true])
  })
})

describe('nonces', () => {
  const original = Xaes256Gcm.prototype.seal
  /** What identifies the key of a cipher: the tag of nothing. */
  const prints = new WeakMap<Xaes256Gcm, string>()
  const used = new Set<string>()
  let repeated = 0

  beforeEach(() => {
    used.clear()
    repeated = 0
    Xaes256Gcm.prototype.seal = function (nonce, associated, plain, target, targetStart): void {
      let print = prints.get(this)
      if (print === undefined) {
        const tag = new Uint8Array(16)
        original.call(this, new Uint8Array(24), new Uint8Array(0), new Uint8Array(0), tag, 0)
        print = Buffer.from(tag).toString('hex')
        prints.set(this, print)
      }
      const pair = `${print} ${Buffer.from(nonce).toString('hex')}`
      if (used.has(pair)) repeated++
      used.add(pair)
      original.call(this, nonce, associated, plain, target, targetStart)
    }
  })
  afterEach(() => {
    Xaes256Gcm.prototype.seal = original
  })

  test('are never used twice with a key, over crashes, restored copies, clones and changes of the key', () => {
    let seed = 100
    const states: CrashVfs[] = [new CrashVfs({ seed: ++seed })]
    for (let life = 0; life < 12; life++) {
      // The newest state, or a copy of an older one: restored, or a clone of a state that has gone on.
      const from = states[life % 3 === 2 ? life - 2 : life]!
      const disk = from.image(crashPlan('killed', ++seed))
      const db = open(disk, OLD)
      write(db, life)
      if (life % 4 === 3) {
        db.rotateKey(NEW)
        write(db, life)
        db.rotateKey(OLD)
        db.renewKeys()
      }
      states.push(disk.image(crashPlan(MODES[life % MODES.length]!, ++seed)))
      db.close()
    }
    expect([repeated, used.size > 1000]).toEqual([0, true])
  })

  test('are found by the ledger when they repeat: two clones with the same random numbers', () => {
    const vfs = new CrashVfs()
    const db = open(vfs, OLD)
    write(db, 1)
    for (const round of [1, 1]) {
      const clone = open(vfs.image(crashPlan('killed', 5)), OLD)
      write(clone, round)
      clone.close()
    }
    expect(repeated).toBeGreaterThan(0)
    db.close()
  })
})

test('a changed byte in any file is found, or changes nothing', () => {
  const vfs = new CrashVfs()
  const db = open(vfs, OLD)
  write(db, 1)
  const expected = contentOf(db)
  db.close()
  const counts = { found: 0, harmless: 0 }
  for (const path of filesOf(vfs, 'db')) {
    const length = vfs.status(path)?.length ?? 0
    for (let at = 0; at < length; at += Math.max(1, Math.floor(length / 24))) {
      const image = vfs.image(crashPlan('all', at))
      const file = image.open(path, 'write')
      const byte = new Uint8Array(1)
      file.read(byte, 0, 1, at)
      file.write(
        byte.map((value) => value ^ 0x10),
        0,
        1,
        at,
      )
      file.close()
      const code = codeOf(() => {
        const found = open(image, OLD)
        try {
          expect(contentOf(found)).toBe(expected)
        } finally {
          found.close()
        }
      })
      expect(
        ['none', 'LDB_CORRUPTION', 'LDB_FORMAT', 'LDB_KEY', 'LDB_UNSUPPORTED'],
        `${path} at ${at}`,
      ).toContain(code)
      counts[code === 'none' ? 'harmless' : 'found']++
    }
  }
  expect(counts.found).toBeGreaterThan(25)
})

test('a file of an older state of the same database is refused, or the state is the newest one', () => {
  const vfs = new CrashVfs()
  let db = open(vfs, OLD)
  write(db, 1)
  db.close()
  const older = vfs.image(crashPlan('all', 1))
  db = open(vfs, OLD)
  write(db, 2)
  db.close()
  const expected = contentOf(open(vfs.image(crashPlan('all', 2)), OLD))
  let refusedCount = 0
  for (const path of filesOf(vfs, 'db')) {
    if (older.status(path) === undefined) continue
    const image = vfs.image(crashPlan('all', 3))
    copyFile(older, image, path)
    const code = codeOf(() => {
      const found = open(image, OLD)
      expect(contentOf(found)).toBe(expected)
      found.close()
    })
    expect(['none', 'LDB_CORRUPTION'], path).toContain(code)
    if (code !== 'none') refusedCount++
  }
  expect(refusedCount).toBeGreaterThan(1)
})

function filesOf(vfs: CrashVfs, directory: string): string[] {
  return vfs.list(directory).flatMap((name) => {
    const path = `${directory}/${name}`
    return vfs.status(path)?.kind === 'directory' ? filesOf(vfs, path) : [path]
  })
}

function copyFile(source: CrashVfs, target: CrashVfs, path: string): void {
  const from = source.open(path, 'read')
  const bytes = new Uint8Array(from.length())
  from.read(bytes, 0, bytes.length, 0)
  const to = target.open(path, 'create')
  to.truncate(0)
  to.write(bytes, 0, bytes.length, 0)
  from.close()
  to.close()
}
