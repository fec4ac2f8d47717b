// Strategy: programs in place of Chromium, which count their starts, and hang, end or answer as Chromium does.
// Invariants: a start that shows no life is repeated once; one that does is not; every process that was started has ended after close.
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startChromium } from '@ldb/chromium'

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ldb-chromium-test-'))
})

afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

/** Writes a program that hangs, without or with an endpoint, in its first starts, and answers in later ones. */
function program(name: string, plan: readonly ('silent' | 'dead page' | 'end' | 'answer')[]): string {
  const path = join(folder, name)
  const source = `#!${process.execPath}
const { appendFileSync, readFileSync } = require('node:fs')
const { createServer } = require('node:http')
appendFileSync(${JSON.stringify(`${path}.pids`)}, process.pid + '\\n')
const count = readFileSync(${JSON.stringify(`${path}.pids`)}, 'utf8').split('\\n').length - 2
const todo = ${JSON.stringify(plan)}[count]
if (todo === 'end') process.exit(3)
setInterval(() => {}, 1000)
if (todo !== 'silent') {
  const server = createServer(async (request, response) => {
    response.end('{}')
    const url = request.url.replace('/json/new?', '')
    if (todo === 'answer') await fetch(url + 'alive', { method: 'POST' })
  })
  server.listen(0, '127.0.0.1', () => {
    console.error('DevTools listening on ws://127.0.0.1:' + server.address().port + '/devtools')
  })
}
`
  writeFileSync(path, source)
  chmodSync(path, 0o755)
  return path
}

const pidsOf = (path: string): number[] => readFileSync(`${path}.pids`, 'utf8').trim().split('\n').map(Number)

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

test.each([
  ['none-before', ['answer'], 1],
  ['silent-before', ['silent', 'answer'], 2],
  ['page-before', ['dead page', 'answer'], 2],
  ['end-before', ['end', 'answer'], 2],
] as const)('a browser is started once more when it shows no life: %s', async (name, plan, starts) => {
  const path = program(name, plan)
  const browser = await startChromium(path, { lifeMs: 1500, totalMs: 20_000 })
  const pids = pidsOf(path)
  expect(pids).toHaveLength(starts)
  expect(pids.map(isRunning)).toEqual(pids.map((_pid, index) => index === starts - 1))
  await browser.close()
  await browser.close()
  expect(pids.map(isRunning)).toEqual(pids.map(() => false))
})

test('two starts without life are an error, with what the browser wrote', async () => {
  const path = program('never', ['dead page', 'silent'])
  await expect(startChromium(path, { lifeMs: 800, totalMs: 1500 })).rejects.toThrow(/DevTools listening/)
  expect(pidsOf(path).map(isRunning)).toEqual([false, false])
  await expect(startChromium(join(folder, 'absent'))).rejects.toThrow('ENOENT')
})
