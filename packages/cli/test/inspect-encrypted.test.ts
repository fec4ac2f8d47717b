// The golden encrypted files and streams of @ldb/core: with the key, all units are shown in plain text; without it, what is plain anyway.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ldbAll } from './command.js'

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ldb-inspect-encrypted-'))
})

afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

/** Golden encrypted files, whose texts all begin so, and the passphrase that opens them. */
const FIXTURES = fileURLToPath(new URL('../../core/test/fixtures/', import.meta.url))
const CANARY = 'canary-7c6b5a49'
const SECRETS = JSON.parse(readFileSync(join(FIXTURES, 'v6/encrypted-secrets.json'), 'utf8')) as {
  readonly key: string
  readonly passphrase: string
}

/** Returns the units of a file that `inspect` lists, in each of several files. */
async function unitsIn(
  paths: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ offset: number; unit: string; detail: string }[][]> {
  const lists = await ldbAll(
    paths.map((path) => ['inspect', path, '--json']),
    env,
  )
  return lists.map(({ out }) =>
    out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { offset: number; unit: string; detail: string })
      .filter(({ unit }) => unit !== undefined),
  )
}

test('encrypted files are decrypted with the key: every unit of a database, its backups, streams and archives', async () => {
  const env = { LDB_PASSPHRASE: SECRETS.passphrase }
  const under = (...names: string[]): string => join(FIXTURES, 'v6', ...names)
  const archive = readdirSync(under('encrypted-archive'))[0] ?? ''
  const paths = [
    under('encrypted/CATALOG'),
    under('encrypted/keyspaces/1/tree.ldb'),
    under('encrypted/keyspaces/3/tree.ldb'),
    under('encrypted/keyspaces/4/0000000002.sst'),
    under('encrypted/keyspaces/4/MANIFEST'),
    under('encrypted/blobs/1.blob'),
    under('encrypted/wal/0000000004.wal'),
    under('encrypted-backup/3/7.data'),
    under('encrypted-archive', archive, '0000000000000001.archive'),
    under('encrypted-stream/full.backup'),
    // An increment: most pages are in the backup before it.
    under('encrypted-backup/2/3.data'),
  ]
  const units = await unitsIn(paths, env)
  const details = (index: number): string => units[index]?.map(({ detail }) => detail).join('\n') ?? ''
  expect(details(1)).toMatch(/^leaf, level 0, 38 slots, epoch 6$/m)
  expect(details(1)).toMatch(/^overflow extent of 2160 bytes, epoch 6$/m)
  expect(details(1)).toMatch(/^free space, epoch 6$/m)
  expect(details(10)).toMatch(/^leaf, level 0, 38 slots, epoch 2$/m)
  expect(details(10)).toMatch(/^mirror of free space, epoch 4$/m)
  expect(units[3]?.map(({ unit }) => unit).slice(-6)).toEqual([
    'data',
    'index',
    'index',
    'filter',
    'properties',
    'footer',
  ])
  // Each unit of the small files, and one of each kind of an archive.
  const kinds = new Set<string>()
  const commands = units.flatMap((list, index) =>
    list
      .filter(
        ({ unit, detail }) => !/^(?:meta blocks|free)$/.test(detail) && (index !== 8 || isNew(kinds, unit)),
      )
      .map(({ offset }) => ['inspect', String(paths[index]), '--offset', String(offset)]),
  )
  const dumps = await ldbAll([['inspect', String(paths[0])], ...commands], env)
  const text = (part: string): string =>
    dumps
      .filter((_, index) => commands[index - 1]?.[1]?.includes(part) ?? part === 'CATALOG')
      .map(({ out }) => out)
      .join('')
  expect(dumps.filter(({ code, out }) => code !== 0 || /DAMAGED|No unit|ciphertext/.test(out))).toEqual([])
  expect(text('CATALOG')).toMatch(new RegExp(` name +"${CANARY}-sorted"\n`))
  expect(text('tree.ldb')).toMatch(new RegExp(` value +"${CANARY} value \\d+ `))
  expect(text('tree.ldb')).toMatch(/ bits +4 are set\n/)
  expect(text('tree.ldb')).toMatch(/ content +4c44422044494354/)
  expect(text('tree.ldb')).toContain(`"${CANARY} long key ${CANARY} long ke"`)
  expect(text('sst')).toMatch(new RegExp(` value +"${CANARY} sorted \\d+ `))
  expect(text('MANIFEST')).toMatch(/ lower +"canary-/)
  expect(text('blob')).toMatch(/chunk 0 of 2 of the value\n.*\n.* value +"canary-/)
  expect(text('.wal')).toMatch(new RegExp(` value +"${CANARY} in a batch"\n`))
  expect(text('.data')).toMatch(new RegExp(` value +"${CANARY} in a batch"\n`))
  expect(text('.archive')).toMatch(/ keyEncoding +"utf8"\n/)
  expect(text('.archive')).toMatch(/ time +2025-11-30T[^]* fileNumber +\d/)
  expect(text('full.backup')).toMatch(new RegExp(` name +"${CANARY}-sorted"\n`))
  expect(text('full.backup')).toMatch(/ role +5 {2}key file\n/)
})

function isNew(kinds: Set<string>, kind: string): boolean {
  const size = kinds.size
  return kinds.add(kind).size > size
}

test('without the key, encrypted files show their plain headers; a wrong key is an error, and nothing of it is printed', async () => {
  const database = join(FIXTURES, 'v6/encrypted')
  const commands = [
    ['inspect', database, '--file', 'CATALOG'],
    ['inspect', database, '--file', 'keyspaces/1/tree.ldb'],
    ['inspect', database, '--file', 'keyspaces/1/tree.ldb', '--page', '6'],
    ['inspect', database, '--file', '0000000002.sst'],
    ['inspect', database, '--file', 'MANIFEST', '--offset', '64'],
    ['inspect', database, '--file', '1.blob', '--offset', '152'],
    ['inspect', database, '--log', '427'],
    ['inspect', join(FIXTURES, 'v6/encrypted-backup'), '--file', '3/7.data', '--offset', '0'],
    ['inspect', join(FIXTURES, 'v6/encrypted-stream'), '--file', 'full.backup', '--offset', '120'],
  ]
  const files = [
    ['inspect', database],
    ['inspect', database, '--file', 'KEYS'],
  ]
  const plain = await ldbAll([...files, ...commands])
  const all = plain.map(({ out }) => out).join('')
  expect(plain.filter(({ code }) => code !== 0)).toEqual([])
  expect(plain[0]?.out).toMatch(/tree\.ldb .*encrypted, pages: --page/)
  expect(plain[1]?.out).toMatch(/ derivation +2 {2}a passphrase/)
  for (const { out } of plain.slice(2)) expect(out).toContain('--key-file, LDB_KEY or LDB_PASSPHRASE')
  expect(all).toContain('trailer of the encrypted unit')
  expect(all).not.toMatch(/DAMAGED|canary/)
  const keyFile = join(folder, 'wrong.key')
  writeFileSync(keyFile, SECRETS.key)
  const stray = join(folder, 'tree.ldb')
  writeFileSync(stray, readFileSync(join(database, 'keyspaces/1/tree.ldb')))
  const wrong = await ldbAll(
    [...commands, ['inspect', stray]].map((command) => [...command, '--key-file', keyFile]),
  )
  expect(wrong.map(({ code }) => code)).toEqual(wrong.map(() => 1))
  expect(wrong.at(-1)?.err).toMatch(/^ldb: there is no key file \(KEYS\) beside .*tree\.ldb/)
  for (const { out, err } of wrong.slice(0, -1)) {
    expect(out).toBe('')
    expect(err).toMatch(/^ldb: LDB_KEY: the database is opened with a passphrase, not with a key/)
    expect(err).not.toContain(SECRETS.key.slice(0, 8))
  }
  const passphrase = await ldbAll([commands[2] ?? []], { LDB_PASSPHRASE: 'canary of another' })
  expect(passphrase[0]).toMatchObject({ code: 1, out: '', err: expect.stringMatching(/LDB_KEY: [^\n]+\n$/) })
  expect(passphrase[0]?.err).not.toContain('another')
})

test('streams of backups are shown, section by section', async () => {
  const [first] = await unitsIn([join(FIXTURES, 'streams-v1/1-full.backup')])
  const [third] = await unitsIn([join(FIXTURES, 'streams-v1/3-commits.backup')])
  expect(third?.map(({ unit, detail }) => `${unit} ${detail}`.trim())).toEqual([
    'data 4.data from 0 on',
    'data 5.data from 0 on',
    'data 6.data from 0 on',
    'manifest BACKUP from 0 on',
    'end',
  ])
  const dumps = await ldbAll([
    ...(first ?? []).map(({ offset }) => [
      'inspect',
      join(FIXTURES, 'streams-v1/1-full.backup'),
      '--offset',
      `${offset}`,
    ]),
    ...(third ?? []).map(({ offset }) => [
      'inspect',
      join(FIXTURES, 'streams-v1/3-commits.backup'),
      '--offset',
      `${offset}`,
    ]),
  ])
  expect(
    dumps.filter(({ code, out }) => code !== 0 || !/ checksum +[0-9a-f]{16} {2}matches/.test(out)),
  ).toEqual([])
  const all = dumps.map(({ out }) => out).join('')
  expect(all).toMatch(/1\.data, catalog\n[^]* name +"default"\n/)
  expect(all).toMatch(/\d\.data, log\n[^]*commit of a backup\n[^]* kind +1 {2}put\n/)
  expect(all).toMatch(/BACKUP\n[^]*backup manifest\n/)
  expect(all).toMatch(/ sectionCount +\d+\n/)
  const torn = join(folder, 'torn.backup')
  const bytes = readFileSync(join(FIXTURES, 'streams-v1/1-full.backup'))
  writeFileSync(torn, bytes.fill(0xaa, 500, 501).subarray(0, bytes.length - 10))
  const [list, section] = await ldbAll([
    ['inspect', torn],
    ['inspect', torn, '--offset', '120'],
  ])
  expect(list?.out).toMatch(/ data +1\.data from 0 on\n[^]*DAMAGED or torn: nothing intact begins at \d+\n$/)
  expect(section?.code).toBe(0)
})
