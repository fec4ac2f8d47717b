// One file format: what Node.js writes, the C library reads, and the reverse, also after a crash. Their locks exclude each other.
import { Database, isLdbError } from '@ldb/core'
import type { DatabaseOptions } from '@ldb/core'
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  buildNative,
  ended,
  runNative,
  startNative,
  whyNotBuildable,
  withDirectory,
} from './native-library.js'

const KEY = '0123456789abcdef0123456789abcdef'
const COUNT = 300

/** The entries of driver.c. */
function valueOf(index: number): Uint8Array {
  const length = index % 10 === 9 ? 40_000 : (index % 7) * 30 + 1
  return new Uint8Array(length).fill(97 + (index % 26))
}

function keyOf(index: number): string {
  return `key${String(index).padStart(6, '0')}`
}

function fillFromNode(database: Database, keyspace: string, start: number, count: number): void {
  const target = bytesOf(database, keyspace)
  for (let index = start; index < start + count; index++) target.put(keyOf(index), valueOf(index))
}

function bytesOf(database: Database, keyspace: string): ReturnType<typeof openBytes> {
  return openBytes(database, keyspace)
}

function openBytes(database: Database, keyspace: string) {
  if (keyspace === '-') return database.view({ values: 'binary' })
  const exists = database.keyspaces().some(({ name }) => name === keyspace)
  const options = exists
    ? {}
    : ({ engine: 'lsm', compression: 'deflate', keys: 'binary', values: 'binary' } as const)
  return database.keyspace(keyspace, options).view({ keys: 'utf8', values: 'binary' })
}

/** Lines of `driver dump`. */
function expectedDump(count: number): string {
  const lines = Array.from({ length: count }, (_, index) => {
    const value = valueOf(index)
    return `${keyOf(index)} ${value.length} ${String.fromCharCode(value[0] as number)}\n`
  })
  return lines.join('')
}

function optionsOf(isEncrypted: boolean): DatabaseOptions {
  return isEncrypted ? { encryption: { key: Buffer.from(KEY) } } : {}
}

describe.runIf(whyNotBuildable === undefined)('Node.js and C', () => {
  let driver = ''
  beforeAll(async () => {
    driver = await buildNative('driver')
  }, 240_000)

  const run = (
    command: string,
    path: string,
    isEncrypted: boolean,
    keyspace: string,
    ...rest: string[]
  ): string => runNative(driver, [command, path, '2', isEncrypted ? KEY : '-', keyspace, ...rest])

  it.each([
    ['a B+tree', '-', false],
    ['an LSM tree with deflate', 'lsm', false],
    ['an encrypted B+tree', '-', true],
  ] as const)('share %s', async (_, keyspace, isEncrypted) => {
    await withDirectory((directory) => {
      const path = `${directory}/db`
      using database = Database.open(path, optionsOf(isEncrypted))
      fillFromNode(database, keyspace, 0, COUNT)
      database.close()
      // C reads what Node.js has written, and adds to it.
      expect(run('dump', path, isEncrypted, keyspace)).toBe(expectedDump(COUNT))
      run('fill', path, isEncrypted, keyspace, String(COUNT), String(COUNT))
      expect(JSON.parse(run('verify', path, isEncrypted, keyspace))).toMatchObject({ ok: true })
      using again = Database.open(path, optionsOf(isEncrypted))
      expect(again.verify().ok).toBe(true)
      const entries = bytesOf(again, keyspace).entries().toArray()
      expect(entries.length).toBe(2 * COUNT)
      for (const [index, [key, value]] of entries.entries()) {
        expect(key).toBe(keyOf(index))
        if (!equal(value, valueOf(index))) expect(value).toEqual(valueOf(index))
      }
      again.close()
      // The encryption is one: without the secret, neither opens it.
      if (isEncrypted) {
        expect(() => run('dump', path, false, keyspace)).toThrow('LDB_KEY')
        expect(codeOf(() => Database.open(path))).toBe('LDB_KEY')
      }
    })
  })

  it('derive the same key from a passphrase', async () => {
    await withDirectory((directory) => {
      const passphrase = 'a passphrase of C and Node.js \u00e9'
      const path = `${directory}/db`
      const options = { encryption: { passphrase, passphraseCost: 12 } }
      using database = Database.open(path, options)
      fillFromNode(database, '-', 0, 20)
      database.close()
      const runWith = (command: string, text: string, ...rest: string[]): string =>
        runNative(driver, [command, path, '2', `passphrase:${text}`, '-', ...rest])
      expect(runWith('dump', passphrase)).toBe(expectedDump(20))
      expect(() => runWith('dump', 'another one')).toThrow('LDB_KEY')
      // What C creates has the usual cost.
      const other = `${directory}/other`
      runNative(driver, ['fill', other, '2', `passphrase:${passphrase}`, '-', '0', '20'])
      using opened = Database.open(other, { encryption: { passphrase } })
      expect(opened.view({ values: 'binary' }).count()).toBe(20)
    })
  })

  it('exclude each other', async () => {
    await withDirectory(async (directory) => {
      const path = `${directory}/db`
      using database = Database.open(path)
      expect(() => run('dump', path, false, '-')).toThrow(
        `LDB_LOCKED: ${path} is in use by pid ${process.pid}`,
      )
      database.close()
      const holder = await startNative(driver, ['hold', path, '1', '-', '-'])
      expect(codeOf(() => Database.open(path))).toBe('LDB_LOCKED')
      expect(codeOf(() => Database.open(path, { readOnly: true }))).toBe('LDB_LOCKED')
      // A killed holder holds nothing.
      holder.kill('SIGKILL')
      await ended(holder)
      using after = Database.open(path)
      expect(after.verify().ok).toBe(true)
    })
  })

  it('recover what the other had acknowledged when it was killed', async () => {
    await withDirectory(async (directory) => {
      const path = `${directory}/db`
      for (const round of [1, 2]) {
        const fromC = await killedWriter(spawn(driver, ['write', path, String(round), '-', '-']))
        using database = Database.open(path)
        expect(database.verify().ok).toBe(true)
        for (let index = 0; index <= fromC; index++) expect(database.get(keyOf(index))).toBe(keyOf(index))
        database.close()
        const program = fileURLToPath(new URL('children/node-writer.mjs', import.meta.url))
        const fromNode = await killedWriter(spawn(process.execPath, [program, path]))
        const lines = run('dump', path, false, '-').split('\n')
        expect(lines.filter((line) => line.startsWith('node')).length).toBeGreaterThan(fromNode)
        expect(JSON.parse(run('verify', path, false, '-'))).toMatchObject({ ok: true })
      }
    })
  })
})

/** Kills a writer after some lines, and returns the number of its last complete line. */
async function killedWriter(child: ReturnType<typeof spawn>): Promise<number> {
  let text = ''
  let errors = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    errors += chunk.toString()
  })
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      if (text.split('\n').length > 60) child.kill('SIGKILL')
    })
    child.once('error', reject)
    child.once('close', () => {
      resolve()
    })
  })
  const lines = text.split('\n')
  expect(lines.length, errors).toBeGreaterThan(60)
  return Number(lines.at(-2))
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0
}

function codeOf(call: () => unknown): string | undefined {
  try {
    call()
    return undefined
  } catch (error) {
    return isLdbError(error) ? error.code : String(error)
  }
}
