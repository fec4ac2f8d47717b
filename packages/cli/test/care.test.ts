// Commands that show, check, repair and copy whole databases.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Database } from '@ldb/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ldb, ldbAll } from './command.js'

let folder: string
let db: string
let damaged: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ldb-cli-care-'))
  db = join(folder, 'db')
  const database = Database.open(db)
  database.load(Array.from({ length: 5000 }, (_, i) => [`k${String(i).padStart(6, '0')}`, `v${i}`] as const))
  database.keyspace('events', { values: 'json', engine: 'lsm' }).put('a', [1])
  database.close()
  damaged = join(folder, 'damaged')
  const victim = Database.open(damaged)
  for (let i = 0; i < 3000; i++) victim.put(`k${i}`, 'v'.repeat(50), { durability: 'none' })
  victim.checkpoint()
  victim.close()
  const files = readdirSync(join(damaged, 'keyspaces'), { recursive: true, encoding: 'utf8' })
    .map((name) => join(damaged, 'keyspaces', name))
    .filter((path) => statSync(path).isFile())
    .sort((x, y) => statSync(y).size - statSync(x).size)
  const file = String(files[0])
  const bytes = readFileSync(file)
  for (let at = 5 * 8192 + 4000; at < bytes.length; at += 8192) bytes.fill(0xaa, at, at + 200)
  writeFileSync(file, bytes)
})

afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

test('keyspaces, statistics and verification fit 80 columns, without colours in a pipe', async () => {
  const heads = { keyspaces: /^keyspace +engine/, stats: /^newest commit +/, verify: /^part +units/ }
  for (const [command, head] of Object.entries(heads)) {
    const { code, out } = ldb([command, db], '', { FORCE_COLOR: '1', CI: '1' })
    expect(code).toBe(0)
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
    expect(out).toMatch(head)
    expect(out).toContain('events')
    expect(out).not.toContain('\u001B')
  }
  const [stats, keyspaces, verify, human] = await ldbAll([
    ['stats', db, '--json'],
    ['keyspaces', db, '--json'],
    ['verify', db, '--json'],
    ['stats', db],
  ])
  expect(JSON.parse(stats?.out ?? '')).toMatchObject({ poisoned: false })
  expect(keyspaces?.out.split('\n', 2)).toEqual([
    '{"name":"default","engine":"btree","keys":"utf8","values":"utf8"}',
    '{"name":"events","engine":"lsm","keys":"utf8","values":"json"}',
  ])
  expect(JSON.parse(verify?.out ?? '')).toMatchObject({ ok: true, errorCount: 0 })
  expect(human?.out).toMatch(/default +btree +5,000 +\d+\.\d KiB/)
})

test('damage is exit code 4, and is repaired into a new directory', async () => {
  const target = join(folder, 'repaired')
  const [found] = await ldbAll([['verify', damaged]])
  expect(found).toMatchObject({ code: 4, out: expect.stringMatching(/error: .*tree\.ldb at \d+: /) })
  const repaired = ldb(['repair', damaged, target])
  expect(repaired).toMatchObject({ code: 4, out: expect.stringMatching(/default +[\d,]+ +/) })
  const [verified, twice, absent, gone, report] = await ldbAll([
    ['verify', target],
    ['repair', damaged, target],
    ['verify', join(folder, 'nothing')],
    ['repair', join(folder, 'nothing'), join(folder, 'x')],
    ['verify', damaged, '--json'],
  ])
  expect(verified).toMatchObject({ code: 0, out: expect.stringMatching(/\nok\n$/) })
  expect(twice).toMatchObject({ code: 1, err: expect.stringContaining('LDB_') })
  expect([absent?.code, gone?.code, report?.code]).toEqual([3, 3, 4])
  expect(JSON.parse(report?.out ?? '')).toMatchObject({ ok: false })
})

test('a database is compacted, checkpointed, backed up and restored', async () => {
  const backups = join(folder, 'backups')
  const restored = join(folder, 'restored')
  expect(ldb(['compact', db])).toEqual({ code: 0, out: '', err: '' })
  expect(ldb(['checkpoint', db])).toEqual({ code: 0, out: '', err: '' })
  expect(ldb(['backup', db, backups])).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^commit +3\nstored/),
  })
  expect(ldb(['restore', backups, restored])).toEqual({ code: 0, out: '', err: '' })
  const results = await ldbAll([
    ['count', restored],
    ['put', db, 'later', '1'],
    ['backup', db, backups],
    ['backup', db, backups, '--incremental'],
    ['restore', backups, join(folder, 'before'), '--until', '3'],
    ['get', join(folder, 'before'), 'later'],
    ['restore', backups, restored],
    ['restore', backups, join(folder, 'never'), '--until', 'tomorrow'],
    ['restore', join(folder, 'nothing'), join(folder, 'never')],
    ['compact', join(folder, 'nothing')],
    ['checkpoint', join(folder, 'nothing')],
  ])
  expect(results.map(({ code }) => code)).toEqual([0, 0, 1, 0, 0, 3, 1, 2, 3, 3, 3])
  expect(results[0]?.out).toBe('5000\n')
})

test('a restore continues a backup by an archive, up to a commit or a time', async () => {
  const [path, backups, archive] = ['archived', 'archived-backups', 'archive'].map((name) =>
    join(folder, name),
  )
  const database = Database.open(String(path), { archive: { to: String(archive) } })
  database.put('a', '1')
  database.backup(String(backups))
  database.put('b', '2')
  database.put('c', '3')
  database.close()
  const restore = ['restore', String(backups), '--archive', String(archive)]
  const results = await ldbAll([
    [...restore, join(folder, 'to-commit'), '--until', '2'],
    ['scan', join(folder, 'to-commit'), '--keys-only'],
    [...restore, join(folder, 'to-time'), '--until', new Date(Date.now() + 5000).toISOString()],
    ['scan', join(folder, 'to-time'), '--keys-only'],
    [...restore, join(folder, 'to-nothing'), '--until', '9'],
  ])
  expect(results.map(({ code, out }) => [code, out])).toEqual([
    [0, ''],
    [0, 'a\nb\n'],
    [0, ''],
    [0, 'a\nb\nc\n'],
    [3, ''],
  ])
})

test('the commits in the log are printed, and followed', async () => {
  const path = join(folder, 'changed')
  const database = Database.open(path)
  database.put('a', '1')
  database.delete('a')
  database.close()
  const all = ldb(['changes', path])
  expect(
    all.out
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { seq: number }).seq),
  ).toEqual([1, 2])
  const [none, one, word, cut, after, followed] = await ldbAll([
    ['changes', path, '--since', '2'],
    ['changes', path, '--since', '1'],
    ['changes', path, '--since', 'now'],
    ['checkpoint', path],
    ['changes', path],
    { args: ['changes', path, '--follow'], interruptAfter: 3 },
  ])
  expect([none?.code, none?.out, word?.code, cut?.code]).toEqual([0, '', 2, 0])
  expect(one?.out.split('\n').length).toBe(2)
  expect(after).toMatchObject({ code: 0, out: '' })
  // Ctrl-C is how it ends.
  expect(followed?.code).toBe(0)
  const holder = Database.open(path)
  expect(await ldbAll([['changes', path]])).toMatchObject([{ code: 5 }])
  holder.close()
})

test('errors of a verification and a repair keep their codes, and contain no key', async () => {
  const encrypted = join(folder, 'encrypted')
  const held = join(folder, 'held')
  const key = '5a'.repeat(32)
  Database.open(encrypted, { encryption: { key: new Uint8Array(32).fill(1) } }).close()
  const writer = Database.open(held, { encryption: { key: new Uint8Array(32).fill(0x5a) } })
  const commands = [
    ['verify', encrypted],
    ['repair', encrypted, join(folder, 'repaired-encrypted')],
    ['verify', held],
    ['repair', join(folder, 'absent'), join(folder, 'repaired-absent')],
  ]
  const results = await ldbAll(commands, { LDB_KEY: key })
  writer.close()
  const ends = results.map(({ code, err }) => `${code} ${err.split(': ')[1] ?? ''}`)
  expect(ends).toEqual(['1 LDB_KEY', '1 LDB_KEY', '5 LDB_LOCKED', '3 LDB_NOT_FOUND'])
  expect(results.map(({ err }) => err).join('')).not.toContain(key.slice(0, 8))
})
