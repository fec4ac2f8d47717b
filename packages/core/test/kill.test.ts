// Strategy: a child process commits numbered changes over two keyspaces, and reports each before and after. The parent records the
// reports, and kills the child with SIGKILL at random times, repeatedly on the same database.
// Invariants: the state is that after exactly one commit n, in both keyspaces (C1, C4); n is not below the last commit that was
// acknowledged at `full` or `periodic` (C2), nor above the last one begun; verification finds nothing.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isLdbError } from '@ldb/base'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Database } from '../src/database.js'
import type { Durability } from '../src/health/options.js'

const CHILD = fileURLToPath(new URL('children/ledger.mjs', import.meta.url))
const ROUNDS = Number(process.env['LDB_KILL_ROUNDS'] ?? 8)

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ldb-kill-'))
})
afterEach(() => {
  rmSync(directory, { recursive: true, force: true })
})

interface Ledger {
  ready: boolean
  intent: number
  acknowledged: number
}

interface Kill {
  /** Milliseconds until the kill. */
  readonly delayMs: number
  /** Start of the delay: the first commit, the end of the open, or the start of the process, so that the kill hits the open. */
  readonly from: 'acknowledged' | 'ready' | 'start'
}

/** Reports of the child from which a delay begins. */
const REPORTS: Readonly<Record<Kill['from'], string>> = { acknowledged: 'ack', ready: 'ready', start: '' }

/** Runs the child until it is killed, and records its reports. */
async function runAndKill(path: string, durability: Durability, kill: Kill, ledger: Ledger): Promise<void> {
  const child = spawn(process.execPath, [CHILD, path, durability], { stdio: ['ignore', 'pipe', 'inherit'] })
  ledger.ready = false
  if (kill.from === 'start') setTimeout(() => child.kill('SIGKILL'), kill.delayMs)
  let isKilled = false
  let rest = ''
  child.stdout.setEncoding('utf8')
  child.stdout.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const [word, number] = line.split(' ')
      if (word === 'ready' && kill.from !== 'start') expectLocked(path, child.pid ?? 0)
      if (word === 'ready') ledger.ready = true
      if (word === 'intent') ledger.intent = Number(number)
      if (word === 'ack') ledger.acknowledged = Number(number)
      if (isKilled || word !== REPORTS[kill.from]) continue
      isKilled = true
      setTimeout(() => child.kill('SIGKILL'), kill.delayMs)
    }
  })
  await new Promise((resolve) => child.once('close', resolve))
}

function logUniform(maximum: number): number {
  return Math.exp(Math.random() * Math.log(maximum))
}

function expectLocked(path: string, pid: number): void {
  try {
    Database.open(path).close()
  } catch (error) {
    expect(isLdbError(error, 'LDB_LOCKED')).toBe(true)
    expect(String((error as Error).message)).toContain(String(pid))
    return
  }
  throw new Error('a second open succeeded')
}

function checkState(path: string, ledger: Ledger, durability: Durability): void {
  const db = Database.open(path)
  try {
    const last = Number(db.get('last') ?? '0')
    expect(last).toBeLessThanOrEqual(ledger.intent)
    if (durability !== 'none') expect(last).toBeGreaterThanOrEqual(ledger.acknowledged)
    const numbers = Array.from({ length: Math.min(50, last) }, (_, index) => last - index)
    const expected = numbers.map((number): [string, string] => [`key${number}`, 'v'.repeat(number % 3000)])
    expected.sort(([a], [b]) => (a < b ? -1 : 1))
    expect(db.entries({ prefix: 'key' }).toArray()).toEqual(expected)
    const other = db.keyspace('other', { values: 'json' })
    expect(other.entries().toArray()).toEqual(
      expected.map(([key]) => [key, { number: Number(key.slice('key'.length)) }]),
    )
    expect(db.verify().findings).toEqual([])
  } finally {
    db.close()
  }
}

describe('a killed process (C1, C2, C4)', () => {
  it.each(['full', 'periodic', 'none'] as const)('loses no acknowledged commit at %s', async (durability) => {
    const path = join(directory, 'data')
    const ledger: Ledger = { ready: false, intent: 0, acknowledged: 0 }
    for (let round = 0; round < ROUNDS; round++) {
      // However slow the machine is, some kills follow a commit.
      const from = round % 4 === 3 ? 'acknowledged' : 'ready'
      await runAndKill(path, durability, { from, delayMs: logUniform(250) }, ledger)
      expect(ledger.ready).toBe(true)
      // The next open recovers the state, here or in a child that is killed during recovery.
      if (round % 3 === 2) {
        await runAndKill(path, durability, { from: 'start', delayMs: 60 + logUniform(120) }, ledger)
      }
      if (ledger.intent > 0) checkState(path, ledger, durability)
    }
    expect(ledger.acknowledged).toBeGreaterThan(0)
  })
})
