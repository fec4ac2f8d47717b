// Strategy: stores in real files, whose compactions a thread of Node runs, in processes of their own.
// Invariants: L1, L2, L3, whatever becomes of the thread; the process ends by itself.
import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { defaultVfs } from '@ldb/vfs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { LsmTree } from '../src/index.js'
import { verified } from './lsm-harness.js'

const CHILD = fileURLToPath(new URL('children/threaded.mjs', import.meta.url))
const ENTRIES = 120_000
const run = promisify(execFile)

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ldb-thread-'))
})
afterEach(() => {
  rmSync(root, { recursive: true, force: true })
})

interface Result {
  readonly jobs: number
  readonly compactions: number
  readonly entries: number
  readonly level0: number
  readonly running: boolean
}

async function runChild(name: string): Promise<Result> {
  const { stdout, stderr } = await run(process.execPath, [CHILD, join(root, 'store'), name])
  expect(stderr).toBe('')
  return JSON.parse(stdout) as Result
}

/** Opens the store without a thread, and returns its number of entries. */
function reopen(): number {
  const path = join(root, 'store')
  const store = LsmTree.open(defaultVfs(), path, { create: false })
  try {
    const { findings, files } = verified(store)
    expect(findings).toEqual([])
    // The manifest that an open writes again comes before the removal of what a crash has left.
    expect(readdirSync(path).length).toBe(files)
    const snapshot = store.snapshot()
    const count = snapshot.count()
    snapshot.release()
    return count
  } finally {
    store.close()
  }
}

test.each(['no yield', 'yields'])('a thread compacts for a program that %s', async (name) => {
  const result = await runChild(name)
  expect(result.entries).toBe(ENTRIES)
  expect(result.jobs).toBeGreaterThanOrEqual(1)
  expect(result.compactions).toBeGreaterThanOrEqual(result.jobs - 1)
  expect(result.level0).toBeLessThan(30)
  expect(reopen()).toBe(ENTRIES)
})

test('a thread that dies is replaced by the calling thread', async () => {
  const result = await runChild('dies')
  expect(result.entries).toBe(ENTRIES)
  expect(result.jobs).toBe(1)
  expect(result.compactions).toBeGreaterThan(2)
  expect(result.level0).toBeLessThan(12)
  expect(reopen()).toBe(ENTRIES)
})

test('a close in the middle of a compaction leaves no thread that writes', async () => {
  const result = await runChild('close')
  expect(result.jobs).toBe(1)
  expect(result.running).toBe(false)
  expect(reopen()).toBe(result.entries)
})

test('a process that is killed in the middle of a compaction leaves the last checkpoint', async () => {
  await expect(runChild('killed')).rejects.toMatchObject({ signal: 'SIGKILL' })
  expect(reopen()).toBeGreaterThan(10_000)
})
