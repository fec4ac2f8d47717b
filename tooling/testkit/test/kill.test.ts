// Strategy: child processes (and worker threads) use a database with several keyspaces, one after the other, and are terminated
// in every way of termination.ts: at random times, at the n-th system call, during close, checkpoint and recovery.
// Invariants: the recovered state is the state after one of the steps that were begun (never part of a commit, no other
// changes), and not older than the last acknowledged step (at `none`: the last synced step); the next opener is admitted at
// once; an opener that comes while a child is alive gets the name of the lock's holder; `verify` finds nothing.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Database } from '@ldb/core'
import { afterAll, describe, expect, it } from 'vitest'
import { History } from '../src/history/history.js'
import { callKillProblem, KillChild } from '../src/kill/child-process.js'
import { assertLocked, runChild } from '../src/kill/child-run.js'
import { contentOf, endStandby, killSuite } from '../src/kill/kill-suite.js'
import { formatCount, reportCounts } from './counted.js'
import { runSuite } from './run-suite.js'

const KILLS = 70

afterAll(endStandby)

describe('a process that is killed', () => {
  it('loses no acknowledged step', async (context) => {
    const counts = await runSuite(killSuite, 'kills', KILLS)
    reportCounts(
      context,
      `kill: ${counts['kills']} kills, ${counts['recoveryKills']} of them in recovery, ${formatCount(counts['acknowledged'])} acknowledged steps, 0 violations`,
    )
    expect(counts['kills']).toBeGreaterThanOrEqual(KILLS)
    expect(counts['acknowledged']).toBeGreaterThan(KILLS)
    expect(counts['recoveryKills']).toBeGreaterThan(0)
    expect(counts['by-step']).toBeGreaterThan(0)
    expect(counts['by-worker']).toBeGreaterThan(0)
    const problem = callKillProblem()
    if (problem === null) expect(counts['by-call']).toBeGreaterThan(0)
    else console.warn(`no process was killed at a system call: ${problem}`)
  }, 600_000)
})

describe('the kill suite', () => {
  const task = { durability: 'full', seed: 1, spaces: [], opensOnly: false } as const

  async function afterOneChild(check: (path: string, history: History) => void): Promise<void> {
    const directory = mkdtempSync(join(tmpdir(), 'ldb-kill-canary-'))
    try {
      const history = new History()
      const path = join(directory, 'data')
      await runChild({ ...task, path }, { method: 'signal', delayMs: 30 }, history, new KillChild())
      expect(history.durable).toBeGreaterThan(0)
      check(path, history)
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  }

  it('reports a missing acknowledged commit', async () => {
    await afterOneChild((path, history) => {
      history.submit([{ kind: 'put', space: 'default', key: 'last', value: 'never made' }])
      history.acknowledgeDurable(history.submitted)
      using db = Database.open(path)
      expect(() => history.match(contentOf(db))).toThrow('acknowledged commits are lost')
    })
  })

  it('reports an unexpected entry and a partly applied commit', async () => {
    await afterOneChild((path, history) => {
      using db = Database.open(path)
      db.put('unexpected', 'x')
      expect(() => history.match(contentOf(db))).toThrow('left by no commit')
    })
  })

  it('reports a second opener that is admitted', async () => {
    await afterOneChild((path) => {
      expect(() => {
        assertLocked(path, 1)
      }).toThrow('admitted')
      using db = Database.open(path)
      expect(db.isOpen).toBe(true)
      expect(() => {
        assertLocked(path, 1)
      }).toThrow('a second opener got')
    })
  })

  it('reports a child that ends in another way than its termination', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'ldb-kill-canary-'))
    try {
      const path = join(directory, 'data')
      const running = runChild(
        { ...task, path, durability: 'never' as 'full' },
        { method: 'exit', step: 3 },
        new History(),
        new KillChild(),
      )
      await expect(running).rejects.toThrow('a child that was to end by exit')
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  })
})
