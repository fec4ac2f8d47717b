// Strategy: children (and threads) work on a database over several keyspaces, one life after the other, and die in
// every way of death.ts: at random moments, at the n-th system call, while closing, checkpointing, recovering.
// Invariants: what is left is the state after one of the steps that were begun (never a part of a commit, nothing that
// nobody intended), not older than the last acknowledged one (at `none`: the last synced one); the next opener gets in
// at once, and one who comes while a child lives is told who holds the lock; `verify` finds nothing.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Database } from '@ldb/core'
import { afterAll, describe, expect, it } from 'vitest'
import { History } from '../src/history/history.js'
import { callKillProblem, KillChild } from '../src/kill/child-process.js'
import { assertLocked, runLife } from '../src/kill/kill-life.js'
import { contentOf, dismissStandby, kills } from '../src/kill/kill-suite.js'
import { grouped, tell } from './counted.js'
import { runSuite } from './run-suite.js'

const KILLS = 70

afterAll(dismissStandby)

describe('a process that dies', () => {
  it('leaves all that it has acknowledged', async (context) => {
    const counts = await runSuite(kills, 'kills', KILLS)
    tell(
      context,
      `kill: ${counts['kills']} kills, ${counts['recoveryKills']} of them in recovery, ${grouped(counts['acknowledged'])} acknowledged steps, 0 violations`,
    )
    expect(counts['kills']).toBeGreaterThanOrEqual(KILLS)
    expect(counts['acknowledged']).toBeGreaterThan(KILLS)
    expect(counts['recoveryKills']).toBeGreaterThan(0)
    expect(counts['by-step']).toBeGreaterThan(0)
    expect(counts['by-worker']).toBeGreaterThan(0)
    const problem = callKillProblem()
    if (problem === null) expect(counts['by-call']).toBeGreaterThan(0)
    else console.warn(`no process was killed at a chosen system call: ${problem}`)
  }, 600_000)
})

describe('the kill suite', () => {
  const order = { durability: 'full', seed: 1, spaces: [], opensOnly: false } as const

  async function afterOneLife(check: (path: string, history: History) => void): Promise<void> {
    const directory = mkdtempSync(join(tmpdir(), 'ldb-kill-canary-'))
    try {
      const history = new History()
      const path = join(directory, 'data')
      await runLife({ ...order, path }, { way: 'signal', delayMs: 30 }, history, new KillChild())
      expect(history.durable).toBeGreaterThan(0)
      check(path, history)
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  }

  it('objects when an acknowledged commit is missing', async () => {
    await afterOneLife((path, history) => {
      history.submit([{ kind: 'put', space: 'default', key: 'last', value: 'never made' }])
      history.acknowledgeDurable(history.submitted)
      using db = Database.open(path)
      expect(() => history.match(contentOf(db))).toThrow('acknowledged commits are lost')
    })
  })

  it('objects to an entry that nobody intended, and to a commit that came in part', async () => {
    await afterOneLife((path, history) => {
      using db = Database.open(path)
      db.put('nobody wanted this', 'x')
      expect(() => history.match(contentOf(db))).toThrow('a state that no commit')
    })
  })

  it('objects to a second opener who is let in', async () => {
    await afterOneLife((path) => {
      expect(() => {
        assertLocked(path, 1)
      }).toThrow('let in')
      using db = Database.open(path)
      expect(db.isOpen).toBe(true)
      expect(() => {
        assertLocked(path, 1)
      }).toThrow('a second opener got')
    })
  })

  it('objects to a child that does not end as it was told to', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'ldb-kill-canary-'))
    try {
      const path = join(directory, 'data')
      const life = runLife(
        { ...order, path, durability: 'never' as 'full' },
        { way: 'exit', step: 3 },
        new History(),
        new KillChild(),
      )
      await expect(life).rejects.toThrow('a child that was to end by exit')
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  })
})
