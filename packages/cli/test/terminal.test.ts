// Commands in a pseudo-terminal: the page, colours, and the progress of a long command. The shell has a file of its own.
import { readFileSync } from 'node:fs'
import { spawn } from 'node:child_process'
import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Database } from '@ldb/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { hasTerminal } from './pseudo-terminal.js'
import { ldbAll, PROGRAM, userEnvironment } from './command.js'

let folder: string
let path: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ldb-cli-terminal-'))
  path = join(folder, 'db')
  const database = Database.open(path)
  for (let i = 0; i < 3000; i++) database.put(`k${i}`, 'v'.repeat(50), { durability: 'none' })
  database.close()
})

afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

/** Starts a command in a pseudo-terminal. */
function inTerminal(args: string, env: Record<string, string> = {}): ChildProcessWithoutNullStreams {
  const { NO_COLOR: _none, ...user } = userEnvironment()
  // `exec`: a shell that stays would report the Ctrl-C as its own end.
  return spawn('script', ['-qec', `exec "${process.execPath}" "${PROGRAM}" ${args}`, '/dev/null'], {
    stdio: 'pipe',
    env: { ...user, TERM: 'xterm', ...env },
  })
}

async function outputOf(child: ChildProcessWithoutNullStreams): Promise<{ out: string; code: unknown }> {
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  const code = await new Promise((resolve) => child.once('close', resolve))
  return { out, code }
}

test.skipIf(!hasTerminal)('colours are those of a terminal, and NO_COLOR removes them', async () => {
  const [coloured, plain] = await Promise.all([
    outputOf(inTerminal(`keyspaces ${path}`)),
    outputOf(inTerminal(`keyspaces ${path}`, { NO_COLOR: '1' })),
  ])
  expect(coloured).toMatchObject({ code: 0, out: expect.stringContaining('\u001B[1mkeyspace') })
  expect(plain.code).toBe(0)
  expect(plain.out).toMatch(/^keyspace +engine/)
  expect(plain.out).not.toContain('\u001B')
})

test.skipIf(!hasTerminal)('a long command has a bar on a terminal, and none in a pipe', async () => {
  const { out, code } = await outputOf(inTerminal(`verify ${path}`))
  expect(code).toBe(0)
  expect(out).toMatch(/verifying \[.+\] \d+%/)
  expect(out).toMatch(/ok\S*\r\n$/)
  expect(await ldbAll([['verify', path]])).toMatchObject([{ code: 0, err: '' }])
})

test.skipIf(!hasTerminal)('the studio serves a database until Ctrl-C, and then closes it', async () => {
  const child = inTerminal(`studio ${path}`)
  const ended = new Promise((resolve) => child.once('close', resolve))
  const address = await new Promise<string>((resolve) => {
    let seen = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      seen += text
      const found = /(http:\S+)\r?\n/.exec(seen)?.[1]
      if (found !== undefined) resolve(found)
    })
  })
  const { origin, hash, hostname } = new URL(address)
  expect(hostname).toBe('127.0.0.1')
  expect(await (await fetch(origin)).text()).toContain('<title>LDB studio</title>')
  const overview = (headers: Record<string, string>): Promise<Response> =>
    fetch(`${origin}/api/overview`, { method: 'POST', headers, body: '{}' })
  expect((await overview({})).status).toBe(401)
  const answer: unknown = await (await overview({ authorization: `Bearer ${hash.slice(1)}` })).json()
  expect(answer).toMatchObject({ isOpen: true, readOnly: false, keyspaces: [{ name: 'default' }] })
  expect(await ldbAll([['get', path, 'k1']])).toMatchObject([{ code: 5 }])
  // A page that follows the changes is still connected.
  const changes = await fetch(`${origin}/api/changes`, {
    method: 'POST',
    headers: { authorization: `Bearer ${hash.slice(1)}` },
  })
  expect(changes.status).toBe(200)
  child.stdin.write('\u0003')
  expect(await ended).toBe(0)
  await changes.text().catch(() => undefined)
  const after = await ldbAll([
    ['count', path],
    ['studio', path, '--port', '70000'],
  ])
  expect(after).toMatchObject([{ code: 0, out: '3000\n' }, { code: 2 }])
})

test('help lists the commands in groups and names the exit codes; the version is that of the package', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  const [help, printed, helpOfCopy, unknown, none] = await ldbAll([
    ['--help'],
    ['--version'],
    ['help', 'copy'],
    ['cpoy'],
    [],
  ])
  expect(help?.code).toBe(0)
  for (const group of ['Entries:', 'Looking and maintaining:', 'Backups:', 'Moving entries:', 'Tools:'])
    expect(help?.out).toContain(`\n${group}\n`)
  expect(help?.out).toContain('Exit codes: 0 ok')
  expect([printed?.code, printed?.out]).toEqual([0, `${version}\n`])
  expect(helpOfCopy?.out).toContain('etcds:// with TLS')
  expect([unknown?.code, unknown?.err]).toEqual([2, expect.stringContaining('Did you mean copy?')])
  expect(none?.code).toBe(2)
})
