// Strategy: processes write to a database, end cleanly or are killed, and the directory is copied with `cp -r`, also while a process has it
// open. Each copy goes on in a process of its own. Then files of one copy are copied into the other.
// Invariants (R9): the mixture is LDB_CORRUPTION, which names the file, for `open` and as a finding of `verify`; a copy that was not
// mixed opens with exactly its own commits.
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ScriptFolder } from '../../src/outside/script-folder.js'

type End = 'close' | 'kill'

/** Writes as its second argument says, reports each step, and then closes the database or waits to be killed. */
const WRITER = `
  import { Database } from '@ldb/core'
  const [, , path, text, steps, end] = process.argv
  const db = Database.open(path)
  const other = db.keyspace('other')
  for (const step of steps.split(' ')) {
    if (step === 'put') db.put('key', text)
    if (step === 'other') other.put('key', text)
    if (step === 'ttl') db.keyspace('other', { ttlMs: 1e9 + text.length })
    if (step === 'make') db.keyspace('of ' + text).put('key', text)
    if (step === 'checkpoint') db.checkpoint()
  }
  if (end === 'close') db.close()
  console.log('written')
  if (end !== 'close') setInterval(() => {}, 1000)
  if (end === 'goes on') process.stdin.once('data', () => {
    db.put('key', text + ' later')
    db.checkpoint()
    db.close()
    process.exit(0)
  })
`

/** Reports, for each path, how the database opens and verifies. */
const READER = `
  import { Database } from '@ldb/core'
  const read = (path) => {
    const found = {}
    try {
      const { ok, findings } = Database.verify(path)
      found.verified = ok
      found.finding = findings[0]?.file
    } catch (error) {
      found.verified = error.code
    }
    try {
      const db = Database.open(path, { createIfMissing: false })
      const names = db.keyspaces().map(({ name }) => name).join()
      found.state = [db.get('key'), db.keyspace('other').get('key'), names].join(' ')
      db.close()
    } catch (error) {
      found.code = error.code
      found.file = error.details?.file
    }
    return found
  }
  console.log(JSON.stringify(process.argv.slice(2).map(read)))
`

interface Found {
  readonly verified: boolean | string
  readonly finding?: string
  readonly state?: string
  readonly code?: string
  readonly file?: string
}

describe('directories that were copied', () => {
  let folder: ScriptFolder
  beforeEach(() => {
    folder = new ScriptFolder()
  })
  afterEach(() => {
    folder.remove()
  })

  const pathOf = (name: string): string => `${folder.path}/${name}`

  function copy(source: string, target: string): void {
    execFileSync('cp', ['-r', pathOf(source), pathOf(target)])
  }

  async function write(name: string, text: string, steps: string, end: End): Promise<void> {
    const script = folder.start(WRITER, { args: [pathOf(name), text, steps, end] })
    await script.waitForLine('written')
    if (end === 'kill') await script.killed()
    else expect(await script.end()).toMatchObject({ code: 0 })
  }

  async function read(names: readonly string[]): Promise<Found[]> {
    const { stdout, stderr } = await folder.run(READER, { args: names.map(pathOf) })
    expect(stderr).toBe('')
    return JSON.parse(stdout) as Found[]
  }

  /** Replaces a part of a copy with that of another copy, which may be absent: a keyspace has no file before its first checkpoint. */
  function replacePart(name: string, part: string, source: string): void {
    const [from, to] = [`${pathOf(source)}/${part}`, `${pathOf(name)}/${part}`]
    expect(existsSync(from) || existsSync(to)).toBe(true)
    rmSync(to, { recursive: true, force: true })
    if (!existsSync(from)) return
    mkdirSync(dirname(to), { recursive: true })
    cpSync(from, to, { recursive: true })
  }

  /**
   * Copies parts of each copy into a directory with the other files of the other one, and expects that all are refused.
   *
   * @param parts - files and directories, and the end of the path of the file that a refusal names.
   */
  async function expectRefusals(parts: Readonly<Record<string, string>>): Promise<void> {
    const mixtures: { readonly name: string; readonly file: string }[] = []
    for (const [target, source] of [
      ['F1', 'F2'],
      ['F2', 'F1'],
    ] as const) {
      for (const [part, file] of Object.entries(parts)) {
        const name = `${target} with ${part.replaceAll('/', ' ')} of ${source}`
        copy(target, name)
        replacePart(name, part, source)
        mixtures.push({ name, file })
      }
    }
    const found = await read(mixtures.map(({ name }) => name))
    expect(mixtures.map(({ name }, index) => [name, found[index]])).toEqual(
      mixtures.map(({ name, file }) => {
        const named = `${pathOf(name)}/${file}`
        return [name, { verified: false, finding: named, code: 'LDB_CORRUPTION', file: named }]
      }),
    )
  }

  const TREE = 'keyspaces/1/tree.ldb'

  test.each<readonly [End, End]>([
    ['close', 'close'],
    ['kill', 'close'],
    ['close', 'kill'],
  ])('after a %s, each with another commit and a %s', { timeout: 60_000 }, async (before, after) => {
    await write('F1', 'base', before === 'close' ? 'put other checkpoint' : 'put other', before)
    copy('F1', 'F2')
    await Promise.all([
      write('F1', 'one', 'put ttl checkpoint', after),
      write('F2', 'two', 'put ttl checkpoint', after),
    ])
    await expectRefusals({ [TREE]: TREE, CATALOG: 'CATALOG', wal: 'CATALOG', keyspaces: TREE })
    expect(await read(['F1', 'F2'])).toEqual([
      { verified: true, state: 'one base default,other' },
      { verified: true, state: 'two base default,other' },
    ])
  })

  test.each(['put make', 'put make checkpoint'])(
    'with keyspaces of the same numbers, of which only one copy has written some: %s',
    { timeout: 60_000 },
    async (steps) => {
      await write('F1', 'base', 'put other checkpoint', 'close')
      copy('F1', 'F2')
      await write('F1', 'one', 'make other checkpoint', 'close')
      await write('F2', 'two', steps, 'kill')
      await expectRefusals({
        CATALOG: 'CATALOG',
        wal: 'CATALOG',
        'keyspaces/2': 'keyspaces/2/tree.ldb',
        'keyspaces/3': 'keyspaces/3/tree.ldb',
      })
      expect(await read(['F1', 'F2'])).toEqual([
        { verified: true, state: 'base one default,other,of one' },
        { verified: true, state: 'two base default,other,of two' },
      ])
    },
  )

  test.each(['put', 'put checkpoint'])(
    'while a process had the database open, and went on: %s',
    { timeout: 60_000 },
    async (steps) => {
      const original = folder.start(WRITER, { args: [pathOf('F1'), 'base', 'put other', 'goes on'] })
      await original.waitForLine('written')
      copy('F1', 'F2')
      rmSync(`${pathOf('F2')}/LOCK`)
      await write('F2', 'two', steps, 'close')
      original.send('go on\n')
      expect(await original.end()).toMatchObject({ code: 0 })
      await expectRefusals({ [TREE]: TREE, wal: TREE })
      expect(await read(['F1', 'F2'])).toEqual([
        { verified: true, state: 'base later base default,other' },
        { verified: true, state: 'two base default,other' },
      ])
    },
  )

  test('are one history until something is written', { timeout: 60_000 }, async () => {
    await write('F1', 'base', 'put other checkpoint', 'close')
    copy('F1', 'F2')
    expect(await read(['F2'])).toMatchObject([{ verified: true }])
    for (const part of ['CATALOG', TREE, 'wal']) {
      rmSync(`${pathOf('F1')}/${part}`, { recursive: true })
      cpSync(`${pathOf('F2')}/${part}`, `${pathOf('F1')}/${part}`, { recursive: true })
    }
    expect(await read(['F1'])).toEqual([{ verified: true, state: 'base base default,other' }])
  })
})
