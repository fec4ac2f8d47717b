// Strategy: compactions in another thread that the test plays: between any two operations it runs a job, fails, dies or is cancelled.
// Invariants: L1, L2, L3. The content is that of the operations, whatever the thread does; after a close the directory contains the
// files of the manifest only, and no number of a file is used twice.
import { expect, test } from 'vitest'
import { MemoryVfs } from '@ldb/vfs'
import { contentOf, LsmHarness, SMALL, sorted, verified } from './lsm-harness.js'
import { PlayedThread } from './played-thread.js'
import type { Ending } from './played-thread.js'

function harnessOf(options = SMALL): { harness: LsmHarness; thread: PlayedThread } {
  const vfs = new MemoryVfs()
  const thread = new PlayedThread(vfs)
  return { harness: new LsmHarness({ ...options, thread }, vfs), thread }
}

function fill(harness: LsmHarness, count: number, round = 0): void {
  for (let index = 0; index < count; index++) {
    harness.put(`key${String((index * 7919) % count).padStart(5, '0')}`, `${round}:${'v'.repeat(index % 60)}`)
  }
}

/** Writes until the thread has a job that has not ended. */
function fillUntilDelegated(harness: LsmHarness, thread: PlayedThread): void {
  for (let index = 0; thread.pending.length === 0; index++) {
    expect(index).toBeLessThan(5000)
    harness.put(`key${String((index * 7919) % 1000).padStart(5, '0')}`, `${index}`.padEnd(40, 'v'))
  }
}

function expectIntact(harness: LsmHarness): void {
  expect(harness.content()).toEqual(sorted(harness.entries))
  expect(verified(harness.store).findings).toEqual([])
}

test('what the thread has written replaces its inputs with the next commit', () => {
  const { harness, thread } = harnessOf()
  fillUntilDelegated(harness, thread)
  const [job] = thread.pending
  const inputs = job?.job.runs.flat().map(({ number }) => number) ?? []
  expect(inputs.length).toBeGreaterThan(3)
  const namesBefore = harness.tableNames()
  thread.run()
  expect(harness.tableNames().length).toBeGreaterThan(namesBefore.length)
  harness.put('next', 'commit')
  harness.store.checkpoint()
  const names = harness.tableNames().map((name) => parseInt(name, 10))
  for (const number of inputs) expect(names).not.toContain(number)
  expectIntact(harness)
  harness.reopen()
  expectIntact(harness)
})

test('what the thread has written is installed in a turn of the event loop, and the thread goes on', () => {
  const { harness, thread } = harnessOf()
  fillUntilDelegated(harness, thread)
  let turns = 0
  for (let pending = thread.pending; pending.length > 0; pending = thread.pending) {
    const [job] = pending
    job?.run('done')
    job?.ended()
    turns++
  }
  expect(turns).toBeLessThan(10)
  expect(harness.store.stats().levels?.[0]?.tableCount).toBeLessThan(4)
  expectIntact(harness)
})

test('writes, checkpoints and snapshots go on while a job runs', () => {
  const { harness, thread } = harnessOf()
  fillUntilDelegated(harness, thread)
  const before = sorted(harness.entries)
  const snapshot = harness.store.snapshot()
  fill(harness, 200, 1)
  harness.deleteRange('key00100', 'key00150')
  harness.store.checkpoint()
  thread.run()
  fill(harness, 100, 2)
  expect(contentOf(snapshot)).toEqual(before)
  snapshot.release()
  thread.run()
  expectIntact(harness)
})

test.each<Ending>(['failed', 'lost'])('a compaction of a thread that has %s is repeated here', (ending) => {
  const { harness, thread } = harnessOf()
  fillUntilDelegated(harness, thread)
  const jobCount = thread.jobs.length
  thread.run(ending)
  for (let count = 0; harness.store.stats().levels?.[0]?.tableCount !== 0 && count < 2000; count++) {
    harness.put(`key${count}`, 'later')
    if (thread.jobs.length > jobCount) break
  }
  expectIntact(harness)
  harness.store.checkpoint()
  harness.reopen()
  harness.put('after', 'reopen')
  harness.store.checkpoint()
  // The files of a thread that is lost are found by the next opening.
  const { files } = verified(harness.store)
  expect(harness.tableNames().length).toBe(files - 1)
  expectIntact(harness)
})

test.each([0, 1, 4, 40])(
  'a compaction of a range cancels a job of %i steps, whose files are deleted',
  (steps) => {
    const { harness, thread } = harnessOf()
    fillUntilDelegated(harness, thread)
    const [job] = thread.pending
    harness.store.compact()
    expect(job?.isCancelled).toBe(true)
    job?.run('done', steps)
    job?.ended()
    expectIntact(harness)
    harness.store.checkpoint()
    const { files } = verified(harness.store)
    expect(harness.tableNames().length).toBe(files - 1)
  },
)

test('a close waits for the thread, and what it has written is removed by the next opening', () => {
  const { harness, thread } = harnessOf()
  fillUntilDelegated(harness, thread)
  const [job] = thread.pending
  harness.store.checkpoint()
  const entries = sorted(harness.entries)
  harness.store.close()
  expect(job?.waitCount).toBe(1)
  expect(thread.pending).toEqual([])
  harness.reopen()
  expect(harness.content()).toEqual(entries)
  harness.put('after', 'reopen')
  harness.store.checkpoint()
  const { files } = verified(harness.store)
  expect(harness.tableNames().length).toBe(files - 1)
})

test('numbers that were reserved for a thread are not used again, whether it has used them or not', () => {
  const { harness, thread } = harnessOf()
  fillUntilDelegated(harness, thread)
  const [job] = thread.pending
  const firstNumber = job?.job.firstNumber ?? 0
  const fileCountMax = job?.job.fileCountMax ?? 0
  fill(harness, 300, 1)
  const others = harness.tableNames().map((name) => parseInt(name, 10))
  for (const number of others)
    expect(number < firstNumber || number >= firstNumber + fileCountMax, `${number}`).toBe(true)
  thread.run()
  fill(harness, 100, 2)
  harness.store.checkpoint()
  harness.reopen()
  fill(harness, 100, 3)
  expectIntact(harness)
})

test('commits wait for a thread that is too far behind, and report it', () => {
  const stalls: string[] = []
  const observer = {
    wantsCheckpoint: () => undefined,
    stalled: (reason: string) => stalls.push(reason),
    completed: () => undefined,
    failed: () => undefined,
    healed: () => undefined,
  }
  const { harness, thread } = harnessOf({ ...SMALL, observer })
  fillUntilDelegated(harness, thread)
  const [job] = thread.pending
  for (let index = 0; job?.waitCount === 0 && index < 20_000; index++)
    harness.put(`key${index}`, 'v'.repeat(50))
  expect(job?.waitCount).toBe(1)
  expect(stalls).toContain('compaction')
  // Once it has ended, the tables that have gathered meanwhile are merged.
  fill(harness, 300, 1)
  expectIntact(harness)
})

test('a thread that is not ready is not waited for', () => {
  const { harness, thread } = harnessOf()
  thread.isReady = false
  fill(harness, 1000)
  expect(thread.jobs).toEqual([])
  expect(harness.store.stats().levels?.[0]?.tableCount).toBeLessThan(5)
  expectIntact(harness)
})

test('the thread is of its owner, and is not closed by a store', () => {
  const { harness, thread } = harnessOf()
  fill(harness, 100)
  harness.store.close()
  expect(thread.isClosed).toBe(false)
})

test('tables with the codec of an application are merged here, those with built-in codecs by the thread', () => {
  const codec = {
    id: 200,
    name: 'complement',
    compress: (bytes: Uint8Array) => bytes.map((byte) => byte ^ 0xff),
    decompress: (bytes: Uint8Array) => bytes.map((byte) => byte ^ 0xff),
  }
  const own = harnessOf({ ...SMALL, compression: codec })
  fill(own.harness, 1000)
  expect(own.thread.jobs).toEqual([])
  expectIntact(own.harness)
  const { harness, thread } = harnessOf({ ...SMALL, compression: 'deflate' })
  fillUntilDelegated(harness, thread)
  thread.run()
  fill(harness, 200)
  expectIntact(harness)
})
