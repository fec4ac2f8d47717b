// The shell of the built command: lines from a pipe, and keys in a pseudo-terminal.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Database } from '@ldb/core'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { wordsOf } from '../src/shell/shell-session.js'
import { hasTerminal } from './pseudo-terminal.js'
import { ldb, ldbAll, PROGRAM } from './command.js'

let folder: string
let path: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ldb-shell-'))
  path = join(folder, 'db')
  Database.open(path).close()
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

function shell(lines: readonly string[]): { readonly code: number | null; readonly out: string[] } {
  const { code, out } = ldb(['shell', path], lines.map((line) => `${line}\n`).join(''))
  return { code, out: out.split('\n').slice(0, -1) }
}

test('words are split at spaces, outside of quotes', () => {
  expect(wordsOf('  put "a \\"b\\" c"  \'{"x": [1, 2]}\' d ')).toEqual([
    'put',
    'a "b" c',
    '{"x": [1, 2]}',
    'd',
  ])
  expect(wordsOf('')).toEqual([])
})

test('a transaction sees its own writes, is shown, and is rolled back or committed', () => {
  const { code, out } = shell([
    'put a "one thing"',
    'begin',
    'put b 2',
    'delete a',
    'show',
    'get b',
    'get a',
    'rollback',
    'scan',
    'begin',
    'put c 3',
    'commit',
    'count',
  ])
  expect(code).toBe(0)
  expect(out).toEqual([
    'a transaction at commit 1',
    'a transaction at commit 1, with 2 writes',
    'put default b 2',
    'delete default a',
    '2',
    '(no such key)',
    'a\tone thing',
    'a transaction at commit 1',
    'commit 2',
    '2',
  ])
})

test('the end of the input rolls back; errors end nothing', async () => {
  expect(shell(['begin', 'put lost 1']).code).toBe(0)
  const { code, out } = shell([
    'put',
    'nonsense',
    'commit',
    'use absent',
    'toString',
    'get lost',
    'exit',
    'put late 1',
  ])
  expect(code).toBe(0)
  expect(out).toEqual([
    'usage: put <key> <value>',
    'no command is named nonsense; help lists the commands',
    'no transaction is open: begin',
    'no keyspace is named absent',
    'no command is named toString; help lists the commands',
    '(no such key)',
  ])
  expect(await ldbAll([['get', path, 'late']])).toMatchObject([{ code: 3 }])
})

test.skipIf(!hasTerminal)('a terminal has a prompt, completion, history, and Ctrl-C', async () => {
  const child = spawn('script', ['-qec', `"${process.execPath}" "${PROGRAM}" shell "${path}"`, '/dev/null'], {
    stdio: 'pipe',
  })
  let seen = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    seen += text
  })
  const until = async (text: string): Promise<void> => {
    while (!seen.includes(text)) await new Promise((resolve) => setTimeout(resolve, 10))
    seen = seen.slice(seen.indexOf(text) + text.length)
  }
  const ended = new Promise((resolve) => child.once('close', resolve))
  await until('default> ')
  child.stdin.write('put apple red\r')
  await until('default> ')
  // Tab completes the command and the key; then the line before comes back.
  child.stdin.write('ge\t')
  await until('get')
  child.stdin.write(' ap\t')
  await until('apple')
  child.stdin.write('\r')
  await until('red')
  await until('default> ')
  child.stdin.write('begin\r')
  await until('default*> ')
  child.stdin.write('put lost 1\r')
  await until('default*> ')
  child.stdin.write('\u001B[A')
  await until('put lost 1')
  child.stdin.write('\u0003')
  await ended
  expect(await ldbAll([['scan', path]])).toMatchObject([{ out: 'apple\tred\n' }])
})
