// Ctrl-C and closed pipes: whatever a command was doing, the database is whole, and a reader that goes is no error.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Database } from '@ldb/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ldbAll, PROGRAM, userEnvironment } from './command.js'

let folder: string
let db: string
let text: string
const COUNT = 4000

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ldb-cli-interruption-'))
  db = join(folder, 'db')
  const database = Database.open(db)
  for (let i = 0; i < COUNT; i++)
    database.put(`k${String(i).padStart(6, '0')}`, `v${i}`.repeat(20), { durability: 'none' })
  database.backup(join(folder, 'backups'))
  database.close()
  text = join(folder, 'text')
  const [exported] = await ldbAll([['scan', db, '--json']])
  writeFileSync(text, exported?.out ?? '')
})

afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

/** Turns of the event loop after which SIGINT comes. */
const TURNS = [0, 1, 4, 16, 64]

/** Reports whether a database is whole, by its verification. */
function expectWhole(path: string): Database {
  const report = Database.verify(path)
  expect([report.ok, report.findingCount]).toEqual([true, 0])
  return Database.open(path)
}

test('an interrupted command leaves the database whole, and no half of a new one', async () => {
  const imported = join(folder, 'imported')
  const lines = join(folder, 'lines')
  const commands = (turn: number): string[][] => [
    ['backup', db, join(folder, `backup-${turn}`)],
    ['compact', db],
    ['restore', join(folder, 'backups'), join(folder, `restored-${turn}`)],
    ['import', imported, lines],
    ['load', join(folder, `loaded-${turn}`), text],
  ]
  const creations = TURNS.map((turn) => ['create', join(folder, `loaded-${turn}`)])
  const [exported] = await ldbAll([['export', db, '--output', lines], ...creations])
  expect(exported?.code).toBe(0)
  const list = TURNS.flatMap((interruptAfter) =>
    commands(interruptAfter).map((args) => ({ args, interruptAfter })),
  )
  const results = await ldbAll(list)
  const codes = (name: string): (number | null)[] =>
    results.filter((_, index) => list[index]?.args[0] === name).map(({ code }) => code)
  for (const name of ['backup', 'compact', 'restore', 'import', 'load']) {
    // The first ones are interrupted for certain; a later one may have ended before.
    expect([name, codes(name)[0]]).toEqual([name, 130])
    expect(codes(name).every((code) => code === 0 || code === 130)).toBe(true)
  }
  results.forEach(({ code, out, err }) => {
    if (code === 130) expect([out, err]).toEqual(['', 'ldb: interrupted\n'])
  })
  const after = expectWhole(db)
  expect(after.count()).toBe(COUNT)
  after.close()
  for (const turn of TURNS) {
    const restored = join(folder, `restored-${turn}`)
    if (existsSync(restored)) {
      const target = expectWhole(restored)
      expect(target.count()).toBe(COUNT)
      target.close()
    }
    const loaded = expectWhole(join(folder, `loaded-${turn}`))
    expect([0, COUNT]).toContain(loaded.count())
    loaded.close()
    const backup = join(folder, `backup-${turn}`)
    if (existsSync(backup)) expect(readdirSync(backup).filter((name) => name.endsWith('.new'))).toEqual([])
  }
  const target = expectWhole(imported)
  expect(target.count()).toBeLessThanOrEqual(COUNT)
  target.close()
})

test('Ctrl-C ends a repair and a verification, and leaves nothing of the target', async () => {
  const target = join(folder, 'repaired')
  const run = async (args: string[], hasBegun: (pid: number) => boolean): Promise<unknown> => {
    const child = spawn(process.execPath, [PROGRAM, ...args], { env: userEnvironment(), stdio: 'ignore' })
    const ended = once(child, 'exit')
    while (child.exitCode === null && !hasBegun(Number(child.pid))) await new Promise(setImmediate)
    child.kill('SIGINT')
    return (await ended)[1] ?? child.exitCode
  }
  const repair = await run(['repair', db, target], () =>
    readdirSync(folder).some((name) => name.includes('.repairing-')),
  )
  expect([130, 0]).toContain(repair)
  const left = readdirSync(folder).filter((name) => name.startsWith('repaired'))
  expect(left).toEqual(repair === 0 ? ['repaired'] : [])
  const verified = await run(['verify', db], (pid) => hasOpenFile(pid, db))
  expect([130, 0]).toContain(verified)
  const after = expectWhole(db)
  expect(after.count()).toBe(COUNT)
  after.close()
})

/** Reports whether a process has a file of a directory open; true where the system does not say. */
function hasOpenFile(pid: number, directory: string): boolean {
  const folderOfFiles = `/proc/${pid}/fd`
  if (!existsSync(folderOfFiles)) return true
  return readdirSync(folderOfFiles).some((name) => {
    try {
      return readlinkSync(join(folderOfFiles, name)).startsWith(directory)
    } catch {
      return false
    }
  })
}

test('Ctrl-C ends an import that waits for its input', async () => {
  const path = join(folder, 'waiting')
  const child = spawn(process.execPath, [PROGRAM, 'import', path], { env: userEnvironment() })
  child.stdin.on('error', () => undefined)
  child.stdin.write(readFileSync(join(folder, 'lines'), 'utf8').slice(0, -100))
  while (!existsSync(join(path, 'wal')) || readdirSync(join(path, 'wal')).length === 0)
    await new Promise((resolve) => setTimeout(resolve, 20))
  let err = ''
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    err += part
  })
  child.kill('SIGINT')
  expect(await once(child, 'close')).toEqual([130, null])
  expect(err).toBe('ldb: interrupted\n')
  const database = expectWhole(path)
  expect(database.count()).toBeLessThan(COUNT)
  database.close()
})

test('a closed pipe is no error of any command that streams', () => {
  const command = (args: string): string => `'${process.execPath}' '${PROGRAM}' ${args} | head -n 1`
  const tree = join(db, 'keyspaces/1/tree.ldb')
  const script = [
    'set -o pipefail',
    ...[
      `scan '${db}'`,
      `export '${db}'`,
      `export '${db}' --csv`,
      `changes '${db}'`,
      `inspect '${tree}' --json`,
    ].map((args) => `${command(args)}; echo "exit $?"`),
  ].join('\n')
  const { stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8', env: userEnvironment() })
  const lines = stdout.split('\n')
  expect(stderr).toBe('')
  expect(lines.filter((line) => line.startsWith('exit'))).toEqual(Array.from({ length: 5 }, () => 'exit 0'))
  expect(lines[0]).toBe(`k000000\t${'v0'.repeat(20)}`)
  expect(lines[2]).toMatch(/^\{"ldb":1,/)
  expect(lines[4]).toBe('key,value')
})
