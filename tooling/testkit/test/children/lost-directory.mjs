// Runs every operation on a database whose directory was moved, replaced or removed, and prints what happened, as JSON.
// Arguments: a folder, and the name of a loss.
import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import { Database, isLdbError } from '@ldb/core'

const [, , folder, lossName] = process.argv
const root = `${folder}/case`
const prepared = `${folder}/prepared`
const TUNING = Symbol.for('ldb.tuning')
const COMMITS = 20
const FIRST = Array.from({ length: COMMITS }, (_, index) => `first ${String(index).padStart(3, '0')}`)

const data = `${root}/data`
const moved = `${root}/data.bak`

/** Creates the database that others are copied from. */
function prepareForeign() {
  const db = Database.open(prepared)
  for (let index = 0; index < COMMITS; index++)
    db.put(`foreign ${index}`, 'x'.repeat(100), { durability: 'none' })
  db.close()
}

/** Puts another database at a path. It stays open, as that of another process would. */
function makeForeign(path) {
  fs.cpSync(prepared, path, { recursive: true })
  const db = Database.open(path)
  db.put('foreign, too', 'x')
  return db
}

/** Moves a directory in the database, and puts other files in its place. */
function replacePart(name) {
  fs.renameSync(`${data}/${name}`, `${root}/part.bak`)
  fs.cpSync(`${prepared}/${name}`, `${data}/${name}`, { recursive: true })
  return {
    home: data,
    watched: `${data}/${name}`,
    restore() {
      fs.rmSync(`${data}/${name}`, { recursive: true })
      fs.renameSync(`${root}/part.bak`, `${data}/${name}`)
    },
  }
}

/**
 * Each loss returns where the files of the database are afterwards, which foreign directory must not change, whether every operation by
 * name must fail, and how to undo it before the next open.
 */
const LOSSES = {
  moved() {
    fs.renameSync(data, moved)
    return { home: moved, watched: data, isTotal: true }
  },
  'moved and replaced'() {
    fs.renameSync(data, moved)
    return { home: moved, watched: data, isTotal: true, foreign: makeForeign(data) }
  },
  'moved and replaced by a copy'() {
    fs.cpSync(data, `${root}/copy`, { recursive: true })
    fs.renameSync(data, moved)
    fs.renameSync(`${root}/copy`, data)
    return { home: moved, watched: data, isTotal: true }
  },
  'moved, and moved back after the operation'() {
    fs.renameSync(data, moved)
    return { home: data, isTotal: true, afterwards: () => fs.renameSync(moved, data) }
  },
  removed() {
    fs.rmSync(data, { recursive: true })
    return { watched: data, isTotal: true }
  },
  'removed and replaced'() {
    fs.rmSync(data, { recursive: true })
    return { watched: data, isTotal: true, foreign: makeForeign(data) }
  },
  'the log replaced': () => replacePart('wal'),
  'the keyspaces replaced': () => replacePart('keyspaces'),
  'the file LOCK removed'() {
    fs.rmSync(`${data}/LOCK`)
    return { home: data, isTotal: true }
  },
  'the file LOCK replaced'() {
    fs.writeFileSync(`${data}/LOCK`, 'by hand\n')
    return {
      home: data,
      isTotal: true,
      restore() {
        if (fs.readFileSync(`${data}/LOCK`, 'latin1') !== 'by hand\n') throw new Error('LOCK was changed')
        fs.rmSync(`${data}/LOCK`)
      },
    }
  },
  'a symbolic link that leads elsewhere'() {
    const foreign = makeForeign(`${root}/second`)
    fs.rmSync(data)
    fs.symlinkSync(`${root}/second`, data)
    return { home: `${root}/first`, watched: `${root}/second`, isTotal: true, foreign }
  },
}

const OPERATIONS = {
  close: { anyDurability: true, run: () => undefined },
  put: { anyDurability: true, run: ({ put }) => put('next 0') },
  'the first commit that expires': {
    needsName: true,
    run: ({ api, durability }) => api.put('expires', '1', { durability, ttlMs: 1e9 }),
  },
  'commits until a new segment': {
    needsName: true,
    anyDurability: true,
    async run({ put }) {
      for (let index = 0; index < 300; index++) await put(`next ${String(index).padStart(3, '0')}`)
    },
  },
  checkpoint: { needsName: true, anyDurability: true, run: ({ api }) => api.checkpoint() },
  compact: { needsName: true, run: ({ api }) => api.compact() },
  'make a keyspace': { needsName: true, run: ({ api }) => api.keyspace('made') },
  'drop a keyspace': { needsName: true, run: ({ api }) => api.dropKeyspace('dropped') },
}

function hashOf(path) {
  const hash = createHash('sha256')
  const add = (each) => {
    const status = fs.lstatSync(each, { throwIfNoEntry: false })
    hash.update(
      `${each} ${status === undefined ? 'absent' : status.isDirectory() ? 'directory' : status.size}\n`,
    )
    if (status?.isDirectory()) for (const name of fs.readdirSync(each).sort()) add(`${each}/${name}`)
    else if (status?.isFile()) hash.update(fs.readFileSync(each))
  }
  add(path)
  return hash.digest('hex')
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** Returns the files that this process has open, where the system reports them. */
function handles() {
  if (!fs.existsSync('/proc/self/fd')) return []
  const targets = fs.readdirSync('/proc/self/fd').map((each) => {
    try {
      return fs.readlinkSync(`/proc/self/fd/${each}`)
    } catch {
      return 'the listing itself'
    }
  })
  return targets.filter((target) => target.startsWith(folder))
}

function describeError(error) {
  const chain = []
  for (let each = error; each !== undefined; each = each.cause) chain.push(each.message)
  return isLdbError(error) ? `${error.code}: ${chain.join(' < ')}` : `NOT AN LdbError: ${error?.stack}`
}

async function attempt(action) {
  try {
    await action()
    return 'done'
  } catch (error) {
    return describeError(error)
  }
}

/** Returns what is wrong with the database at `home`; `undefined` when every commit that must have survived is there. */
function faultOf(home, acknowledged, lostAfter, durability) {
  let db
  try {
    db = Database.open(home, { createIfMissing: false })
  } catch (error) {
    return describeError(error)
  }
  try {
    const report = db.verify()
    if (!report.ok) return `verify: ${JSON.stringify(report.findings)}`
    const foreign = db.keys({ prefix: 'foreign' }).toArray()
    if (foreign.length > 0) return `it has ${foreign.length} foreign entries`
    const kept = acknowledged.filter((key) => db.has(key))
    // At 'none' a prefix survives, which contains what was acknowledged before the loss.
    const needed = durability === 'none' ? lostAfter : acknowledged.length
    if (kept.length < needed) return `${acknowledged.length - kept.length} acknowledged commits are missing`
    if (acknowledged.slice(0, kept.length).some((key) => !db.has(key))) return 'what survived is no prefix'
    return undefined
  } finally {
    db.close()
  }
}

async function runCase(isAsync, durability, operation) {
  const { run, needsName = false } = OPERATIONS[operation]
  fs.rmSync(root, { recursive: true, force: true })
  fs.mkdirSync(root)
  if (lossName.startsWith('a symbolic link')) {
    Database.open(`${root}/first`).close()
    fs.symlinkSync(`${root}/first`, data)
  }
  const db = Database.open(data, {
    durability,
    syncIntervalMs: 5,
    [TUNING]: { segmentBytes: 4096, preallocateBytes: 0 },
  })
  const events = []
  db.on('error', ({ error }) => events.push(error))
  db.keyspace('dropped')
  // The synchronous API has opened no handle for asynchronous syncs: the operation is the first to need one.
  for (const key of FIRST.slice(1)) db.put(key, 'x', { durability: 'none' })
  db.put(FIRST[0], 'x')
  const acknowledged = [...FIRST.slice(1), FIRST[0]]
  const api = isAsync ? db.promises : db
  const put = async (key) => {
    await api.put(key, 'y'.repeat(100))
    acknowledged.push(key)
  }
  const loss = LOSSES[lossName]()
  const before = loss.watched === undefined ? '' : hashOf(loss.watched)
  const outcome = await attempt(() => run({ api, put, durability }))
  const later = await attempt(() => put('later'))
  loss.afterwards?.()
  const closed = await attempt(() => api.close())
  const faults = []
  if (loss.watched !== undefined && hashOf(loss.watched) !== before) faults.push('foreign files were changed')
  loss.foreign?.close()
  if (loss.foreign !== undefined) {
    const report = Database.verify(data)
    const again = Database.open(data)
    const count = again.count({ prefix: 'foreign' })
    again.close()
    if (!report.ok || count !== COMMITS + 1)
      faults.push(`the foreign database has ${count} entries, ok: ${report.ok}`)
  }
  loss.restore?.()
  const fault = loss.home && faultOf(loss.home, acknowledged, COMMITS, durability)
  if (fault !== undefined) faults.push(fault)
  const mustFail = loss.isTotal === true && needsName
  if (mustFail && outcome === 'done') faults.push('the operation was acknowledged')
  if (mustFail && events.length === 0) faults.push('no error event was emitted')
  if (mustFail && !/^LDB_POISONED: .*(moved|LOCK)/.test(later)) faults.push('the database was not poisoned')
  for (const each of [outcome, later, closed])
    if (each !== 'done' && !/^LDB_(POISONED|COMMIT_UNKNOWN): .*(moved|LOCK)/s.test(each)) faults.push(each)
  return faults
}

const faults = []
let caseCount = 0
prepareForeign()
for (const isAsync of [false, true]) {
  for (const durability of ['full', 'periodic', 'none']) {
    for (const [operation, { anyDurability }] of Object.entries(OPERATIONS)) {
      if (durability !== 'full' && anyDurability !== true) continue
      // The commits of both APIs take the same way at 'none'.
      if (durability === 'none' && isAsync) continue
      caseCount++
      for (const fault of await runCase(isAsync, durability, operation))
        faults.push(`${isAsync ? 'async' : 'sync'}, ${durability}, ${operation}: ${fault}`)
    }
  }
}
await sleep(50)
if (handles().length > 0) faults.push(`descriptors stay open: ${handles().join(', ')}`)
console.log(JSON.stringify({ caseCount, faults }))
