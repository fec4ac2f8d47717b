// Strategy: a process writes to an encrypted database with an archive, replaces its key and backs it up in turn, and is killed at any moment;
// the next one opens the database with the new key or the one before, and goes on. At the end, the backups and the archive are restored.
// Invariants: one of the two keys opens the database; every acknowledged commit is in it, in order; a third process never opens it meanwhile;
// what is restored is a prefix that contains every commit of the newest backup; no earlier key opens anything.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ScriptFolder } from '../../src/outside/script-folder.js'

const ROUNDS = 3

/** Arguments: engine, number of the newest key that may be the present one, number of the newest one that was confirmed. */
const WRITER = `
  import { Database, isLdbError } from '@ldb/core'
  const [, , engine, ...numbers] = process.argv
  const keyOf = (number) => ({ key: new Uint8Array(32).fill(number) })
  const options = { engine, durability: 'periodic', memtableBytes: 65536, archive: { to: 'archive' } }
  let db, number
  for (number of numbers.map(Number)) {
    try {
      db = Database.open('data', { ...options, encryption: keyOf(number) })
      break
    } catch (error) {
      if (!isLdbError(error, 'LDB_KEY')) throw error
    }
  }
  for (let index = db.count(); ; index++) {
    db.put(String(index).padStart(8, '0'), 'value ' + index)
    console.log('acknowledged ' + (index + 1))
    if (index % 30 === 29) {
      console.log('rotating ' + (number + 1))
      db.rotateKey(keyOf(++number))
      console.log('rotated ' + number)
    }
    if (index % 45 === 44) {
      db.backup('backups', { incremental: true })
      console.log('backed up ' + (index + 1))
    }
    if (index % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 1))
  }
`
/** Opens a database with each of the keys. Arguments: path, numbers of keys. Prints what each gave. */
const READER = `
  import { Database } from '@ldb/core'
  const [, , path, ...numbers] = process.argv
  for (const number of numbers) {
    try {
      const encryption = { key: new Uint8Array(32).fill(Number(number)) }
      const db = Database.open(path, { encryption, createIfMissing: false, readOnly: true })
      const keys = db.keys().toArray()
      const isWhole = keys.every((key, index) => Number(key) === index && db.get(key) === 'value ' + index)
      console.log(JSON.stringify({ isOk: db.verify().ok && isWhole, count: keys.length }))
      db.close()
    } catch (error) {
      console.log(JSON.stringify(error.code))
    }
  }
`
const RESTORER = `
  import { Database } from '@ldb/core'
  const [, , target, number, archive] = process.argv
  const encryption = { key: new Uint8Array(32).fill(Number(number)) }
  Database.restore('backups', target, { encryption, ...(archive && { archive }) })
`

let folder: ScriptFolder
beforeEach(() => {
  folder = new ScriptFolder()
})
afterEach(() => {
  folder.remove()
})

/** Returns the number of the last line that begins with a word; 0 without one. */
function lastOf(output: string, word: string): number {
  const found = [...output.matchAll(new RegExp(`^${word} (\\d+)$`, 'gm'))].at(-1)
  return Number(found?.[1] ?? 0)
}

async function read(path: string, ...keys: number[]): Promise<unknown[]> {
  const { stdout, stderr } = await folder.run(READER, { args: [path, ...keys.map(String)] })
  if (stderr !== '') throw new Error(stderr)
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown)
}

describe.each(['btree', 'lsm'])('a process that rotates keys and makes backups with engine %s', (engine) => {
  it('loses no acknowledged commit when it is killed', { timeout: 120_000 }, async () => {
    let [confirmed, newest, acknowledged, backedUp] = [1, 1, 0, 0]
    for (let round = 0; round < ROUNDS; round++) {
      const args = [engine, String(newest), String(confirmed)]
      const script = folder.start(WRITER, { args })
      await script.waitForLine(`acknowledged ${acknowledged + 60 + 13 * round}`)
      if (round === 0) {
        const refused = await read('data', 1, 2, 3, 4)
        expect(refused.filter((code) => code !== 'LDB_LOCKED' && code !== 'LDB_KEY')).toEqual([])
      }
      const { stdout, stderr } = await script.killed()
      expect(stderr).toBe('')
      acknowledged = Math.max(acknowledged, lastOf(stdout, 'acknowledged'))
      backedUp = Math.max(backedUp, lastOf(stdout, 'backed up'))
      confirmed = Math.max(confirmed, lastOf(stdout, 'rotated'))
      newest = Math.max(confirmed, lastOf(stdout, 'rotating'))
    }
    const opened = await read('data', newest, confirmed)
    const whole = opened.filter((each) => each !== 'LDB_KEY') as { isOk: boolean; count: number }[]
    expect(whole.map(({ isOk }) => isOk)).toContain(true)
    expect(whole[0]?.count).toBeGreaterThanOrEqual(acknowledged)
    expect(await read('data', confirmed - 1)).toEqual(['LDB_KEY'])

    // The archive may be behind by the last rotation: its key file is then under the key before.
    let key = newest
    let restorer = await folder.run(RESTORER, { args: ['restored', String(key), 'archive'] })
    while (restorer.stderr.includes("'LDB_KEY'") && key >= confirmed)
      restorer = await folder.run(RESTORER, { args: ['restored', String(--key), 'archive'] })
    expect(restorer.stderr).toBe('')
    const [restored] = (await read('restored', key)) as { isOk: boolean; count: number }[]
    expect(restored?.isOk).toBe(true)
    expect(restored?.count).toBeGreaterThanOrEqual(backedUp)
    expect(restored?.count).toBeLessThanOrEqual(whole[0]?.count ?? 0)
    expect(backedUp).toBeGreaterThan(0)
  })
})
