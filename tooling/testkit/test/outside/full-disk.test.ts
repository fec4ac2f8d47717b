// Strategy: a process fills a small device with a database, or with another file beside it, and is killed. Another process opens the
// database for writing, deletes, checkpoints, and writes again.
// Invariants: no acknowledged commit is lost; the database opens; every way to delete works; the space returns to the device; commits
// are accepted again; `verify` finds nothing.
import { statfsSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import { ScriptFolder } from '../../src/outside/script-folder.js'
import { SmallDevice, whyNoDevice } from './small-device.js'

const TIMEOUT_MS = 120_000
const MIB = 1024 * 1024
const REASON = whyNoDevice()
const TITLE = REASON === undefined ? 'a full device' : `a full device (skipped: ${REASON})`

interface Fill {
  readonly sizeMib: number
  readonly api: 'sync' | 'async'
  readonly durability: 'full' | 'periodic' | 'none'
  readonly valueBytes: number
  readonly way: 'clear' | 'range' | 'drop' | 'half' | 'all'
}

const FILLS: readonly Fill[] = [
  { sizeMib: 1, api: 'sync', durability: 'full', valueBytes: 1000, way: 'half' },
  { sizeMib: 1, api: 'async', durability: 'full', valueBytes: 100, way: 'all' },
  { sizeMib: 4, api: 'sync', durability: 'periodic', valueBytes: 30_000, way: 'range' },
  { sizeMib: 4, api: 'async', durability: 'full', valueBytes: 900_000, way: 'all' },
  { sizeMib: 16, api: 'sync', durability: 'none', valueBytes: 200, way: 'half' },
  { sizeMib: 16, api: 'async', durability: 'none', valueBytes: 1000, way: 'clear' },
  { sizeMib: 16, api: 'async', durability: 'full', valueBytes: 300_000, way: 'drop' },
  { sizeMib: 16, api: 'async', durability: 'periodic', valueBytes: 50_000, way: 'half' },
  { sizeMib: 48, api: 'sync', durability: 'full', valueBytes: 200_000, way: 'half' },
  { sizeMib: 64, api: 'sync', durability: 'full', valueBytes: 100_000, way: 'drop' },
  { sizeMib: 64, api: 'async', durability: 'periodic', valueBytes: 9000, way: 'half' },
]

const COMMON = `
import { Database } from '@ldb/core'
import { writeSync } from 'node:fs'
const [path, ...args] = process.argv.slice(2)
const print = (line) => writeSync(1, line + '\\n')
const keyOf = (number) => String((number * 7919) % 1000003).padStart(7, '0')
`

/** Commits numbered entries until the device is full. Arguments: path, API, durability, bytes of a value, number of entries. */
const FILL = `${COMMON}
const [api, durability, valueBytes, countMax] = args
const db = Database.open(path, { durability, compression: 'none' })
const users = db.keyspace('users')
const async = await db.promises.keyspace('users')
let acknowledged = 0
let code = 'none'
try {
  while (acknowledged < Number(countMax)) {
    const value = String(acknowledged % 10).repeat(Number(valueBytes))
    if (api === 'sync') {
      users.put(keyOf(acknowledged), value)
      acknowledged++
    } else {
      const puts = Array.from({ length: 8 }, (_, index) => async.put(keyOf(acknowledged + index), value))
      for (const put of await Promise.allSettled(puts)) {
        if (put.status === 'rejected') throw put.reason
        acknowledged++
      }
    }
  }
} catch (error) {
  code = error.code
}
// What was acknowledged at a weaker durability is synced, if the log still accepts it.
if (durability !== 'full') try { db.sync() } catch { acknowledged = 0 }
print(JSON.stringify({ acknowledged, code }))
print('filled')
setInterval(() => {}, 1000)
`

/** Deletes in one way, checkpoints and writes again. Arguments: path, way, acknowledged entries, bytes of a value. */
const RECOVER = `${COMMON}
const [way, acknowledged, valueBytes] = args
const free = (await import('node:fs')).statfsSync
const freeBytes = () => { const { bsize, bavail } = free(path); return bsize * bavail }
const before = freeBytes()
const db = Database.open(path, { compression: 'none' })
const users = db.keyspace('users')
let missing = 0
for (let number = 0; number < Number(acknowledged); number++) {
  if (users.get(keyOf(number))?.length !== Number(valueBytes)) missing++
}
const keys = users.keys().toArray()
if (way === 'clear') users.clear()
else if (way === 'range') users.deleteRange({ lt: '9' })
else if (way === 'drop') db.dropKeyspace('users')
else for (const [index, key] of keys.entries()) if (way === 'all' || index % 2 === 0) users.delete(key)
db.checkpoint()
const returned = freeBytes() - before
for (let number = 0; number < 20; number++) db.put('after' + number, 'x'.repeat(100))
const { findings } = db.verify()
db.close()
const again = Database.open(path)
print(JSON.stringify({ missing, count: keys.length, returned, findings, after: again.count({ prefix: 'after' }) }))
again.close()
`

interface Recovered {
  readonly missing: number
  readonly count: number
  readonly returned: number
  readonly findings: readonly unknown[]
  readonly after: number
}

describe.skipIf(REASON !== undefined)(TITLE, () => {
  let device: SmallDevice | undefined
  const folder = new ScriptFolder()
  afterEach(() => {
    device?.remove()
    device = undefined
  })

  async function fill(
    path: string,
    args: readonly (string | number)[],
  ): Promise<{ acknowledged: number; code: string }> {
    const script = folder.start(FILL, { args: [path, ...args.map(String)] })
    await script.waitForLine('filled')
    const [line = ''] = script.stdout.split('\n')
    await script.killed()
    return JSON.parse(line) as { acknowledged: number; code: string }
  }

  async function recover(path: string, args: readonly (string | number)[]): Promise<Recovered> {
    const { code, stdout, stderr } = await folder.run(RECOVER, { args: [path, ...args.map(String)] })
    expect(code, stderr).toBe(0)
    return JSON.parse(stdout) as Recovered
  }

  it.each(FILLS)(
    'of $sizeMib MiB, filled by the $api API at $durability with values of $valueBytes bytes, emptied by $way',
    { timeout: TIMEOUT_MS },
    async ({ sizeMib, api, durability, valueBytes, way }) => {
      device = new SmallDevice(sizeMib)
      const path = `${device.path}/data`
      const { acknowledged, code } = await fill(path, [api, durability, valueBytes, 1_000_000])
      expect(code).toBe('LDB_NO_SPACE')
      const { missing, count, returned, findings, after } = await recover(path, [
        way,
        acknowledged,
        valueBytes,
      ])
      expect({ missing, findings, after }).toEqual({ missing: 0, findings: [], after: 20 })
      // Half of many small entries leave pages that are half full, which stay in the file for later writes.
      if (way === 'half' && valueBytes < 1000) return
      const deletedShare = way === 'half' ? 0.5 : 0.8
      expect(returned).toBeGreaterThan(0.5 * deletedShare * count * valueBytes)
    },
  )

  it.each(['clear', 'range', 'drop', 'all'] as const)(
    'that another file has filled, emptied by %s',
    { timeout: TIMEOUT_MS },
    async (way) => {
      device = new SmallDevice(16)
      const path = `${device.path}/data`
      const { acknowledged } = await fill(path, ['sync', 'full', 1000, 1500])
      expect(acknowledged).toBe(1500)
      await folder.run(FILL_DEVICE, { args: [`${device.path}/other`] })
      expect(statfsSync(device.path).bavail).toBe(0)
      const { missing, returned, findings, after } = await recover(path, [way, acknowledged, 1000])
      expect({ missing, findings, after }).toEqual({ missing: 0, findings: [], after: 20 })
      expect(returned).toBeGreaterThan(MIB)
    },
  )

  it(
    'that another file has filled opens again and again, and nothing is lost',
    { timeout: TIMEOUT_MS },
    async () => {
      device = new SmallDevice(16)
      const path = `${device.path}/data`
      const { acknowledged } = await fill(path, ['sync', 'full', 1000, 1500])
      await folder.run(FILL_DEVICE, { args: [`${device.path}/other`] })
      for (let round = 0; round < 6; round++) {
        const { stdout, stderr } = await folder.run(PUT, { args: [path] })
        expect(stdout, stderr).toBe('LDB_NO_SPACE\n')
      }
      await folder.run(`import { rmSync } from 'node:fs'\nrmSync(process.argv[2])`, {
        args: [`${device.path}/other`],
      })
      const { missing, count } = await recover(path, ['half', acknowledged, 1000])
      expect({ missing, count }).toEqual({ missing: 0, count: acknowledged })
    },
  )
})

/** Writes a file until the device is full. Argument: its path. */
const FILL_DEVICE = `
import { openSync, writeSync } from 'node:fs'
const file = openSync(process.argv[2], 'w')
for (let byteCount = 65536; byteCount > 0; byteCount = Math.floor(byteCount / 2)) {
  try { for (;;) writeSync(file, Buffer.alloc(byteCount, 1)) } catch {}
}
`

/** Puts one entry, prints the code of the error, and is killed. Argument: path. */
const PUT = `${COMMON}
const db = Database.open(path)
try {
  db.put('more', 'x'.repeat(100_000))
  print('none')
} catch (error) {
  print(error.code)
}
process.kill(process.pid, 'SIGKILL')
`
