// Strategy: a process follows the changes of one keyspace as a named consumer, and adds them up in another one, in the transaction that acknowledges
// them. It changes its working directory, makes checkpoints, and is killed again and again; the next process opens the database and goes on.
// On a full device, a consumer reads on and deletes what it has read.
// Invariants: every change has had its effect once; a consumer that acknowledges by asking for the next commit has seen every change.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ScriptFolder } from '../../src/outside/script-folder.js'
import { SmallDevice, whyNoDevice } from './small-device.js'

const KILLS = 6
const LAST = 2_000
const SCRIPT = `
  import { AsyncDatabase } from '@ldb/core'
  const [, , path, killAfter] = process.argv
  const db = await AsyncDatabase.open(path, { durability: 'none', [Symbol.for('ldb.tuning')]: { segmentBytes: 65536, preallocateBytes: 0 } })
  process.chdir('/')
  const [numbers, totals, seen] = await Promise.all(['numbers', 'totals', 'seen'].map((name) =>
    db.keyspace(name, { values: 'json' })))
  let writtenTo = (await numbers.get('newest')) ?? 0
  const start = writtenTo
  const sums = db.changes({ consumer: 'sum', since: start === 0 ? 0 : undefined, keyspace: numbers, acknowledge: 'explicit' })
  const log = db.changes({ consumer: 'log', since: start === 0 ? 0 : undefined, keyspace: numbers })
  async function write() {
    while (writtenTo < ${LAST}) {
      writtenTo++
      await db.batch().in(numbers).put('number', writtenTo).put('newest', writtenTo).commit()
      if (writtenTo % 100 === 0) await db.checkpoint()
      if (writtenTo - start >= Number(killAfter)) process.kill(process.pid, 'SIGKILL')
    }
  }
  /** Returns the next number; the creation of the keyspace is a change, too. */
  async function nextOf(stream) {
    for (;;) {
      const { value: { changes } } = await stream.next()
      const change = changes.find(({ key }) => key === 'number')
      if (change !== undefined) return change.value
    }
  }
  async function add() {
    for (let value = 0; value < ${LAST}; ) {
      value = await nextOf(sums)
      await db.transaction(async (tx) => {
        const own = tx.in(totals)
        await own.put('sum', ((await own.get('sum')) ?? 0) + value)
        await own.put('count', ((await own.get('count')) ?? 0) + 1)
        await sums.acknowledgeIn(tx)
      })
    }
  }
  async function note() {
    for (let value = 0; value < ${LAST}; ) {
      value = await nextOf(log)
      await seen.put(String(value), 1)
    }
  }
  await Promise.all([write(), add(), note()])
  await Promise.all([sums.return(), log.return()])
  const report = await db.verify()
  console.log(JSON.stringify({
    ok: report.ok,
    sum: await totals.get('sum'),
    count: await totals.get('count'),
    seen: await seen.count(),
    consumers: (await db.consumers()).map(({ name, isLost }) => [name, isLost]),
  }))
  await db.close()
`

let folder: ScriptFolder
beforeEach(() => {
  folder = new ScriptFolder()
})
afterEach(() => {
  folder.remove()
})

it('consumers that are killed have applied every change once, and seen every change', async () => {
  for (let kill = 0; kill < KILLS; kill++) {
    const end = await folder.run(SCRIPT, { args: ['data', String(130 + 37 * kill)] })
    expect(end).toMatchObject({ stderr: '', stdout: '' })
  }
  const end = await folder.run(SCRIPT, { args: ['data', 'Infinity'] })
  expect(end.stderr).toBe('')
  expect(JSON.parse(end.stdout)).toEqual({
    ok: true,
    sum: (LAST * (LAST + 1)) / 2,
    count: LAST,
    seen: LAST,
    consumers: [
      ['log', false],
      ['sum', false],
    ],
  })
})

/** Fills the device with a queue; a consumer then reads it, without room to record its position, and empties it. */
const QUEUE = `
  import { AsyncDatabase } from '@ldb/core'
  const [, , path] = process.argv
  const options = { compression: 'none', cacheBytes: 1 << 20, [Symbol.for('ldb.tuning')]: { segmentBytes: 65536, preallocateBytes: 0 } }
  let db = await AsyncDatabase.open(path, options)
  let stream = db.changes({ consumer: 'queue', since: 0 })
  await db.put('first', '1')
  await stream.next()
  await stream.return()
  let written = 0
  let code
  try {
    for (;; written++) await db.put(String(written).padStart(6, '0'), 'x'.repeat(3000))
  } catch (error) {
    code = error.code
  }
  await db.close().catch(() => undefined)
  db = await AsyncDatabase.open(path, options)
  stream = db.changes({ consumer: 'queue' })
  let read = 0
  const handled = new Set()
  while (handled.size <= written) {
    const { value } = await stream.next()
    for (const change of value.changes) {
      if (change.kind !== 'put') continue
      read++
      handled.add(change.key)
      await db.delete(change.key)
    }
  }
  await stream.acknowledge().catch(async (error) => {
    if (error.code !== 'LDB_NO_SPACE') throw error
    await db.checkpoint()
    await stream.acknowledge()
  })
  await db.checkpoint()
  const [{ heldBytes, isLost }] = await db.consumers()
  await db.put('again', 'x'.repeat(3000))
  await stream.return()
  console.log(JSON.stringify({ code, isAll: read >= written, isLost, isReleased: heldBytes < 200000, isOk: (await db.verify()).ok }))
  await db.close()
`

const REASON = whyNoDevice()
const TITLE = REASON === undefined ? 'a full device' : `a full device (skipped: ${REASON})`

describe.skipIf(REASON !== undefined)(TITLE, () => {
  it('does not stop a consumer, which makes room', { timeout: 120_000 }, async () => {
    const device = new SmallDevice(8)
    try {
      const end = await folder.run(QUEUE, { args: [`${device.path}/data`] })
      expect(end.stderr).toBe('')
      const figures = JSON.parse(end.stdout) as object
      expect(figures).toEqual({
        code: expect.stringMatching(/^LDB_(NO_SPACE|COMMIT_UNKNOWN)$/) as string,
        isAll: true,
        isLost: false,
        isReleased: true,
        isOk: true,
      })
    } finally {
      device.remove()
    }
  })
})
