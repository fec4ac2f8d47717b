import { isLdbError, toSeq } from '@ldb/base'
import { describe, expect, test } from 'vitest'
import { CrashVfs, seeded } from './crash-vfs.js'
import type { FileOperationName } from './crash-vfs.js'
import { entriesOf, findingsOf, TreeHarness } from './tree-harness.js'

/**
 * Strategy: one workload, repeated for each of its file operations; that operation fails, once or permanently.
 * Invariants: the caller gets the code of the error; after a failed write, sync or truncation, writes are LDB_POISONED until the
 * tree is opened again, and reads are right or a typed error; the reopened tree has the last durable state, or the one of the
 * checkpoint in progress.
 */
const PAGE_BYTES = 512

type Entries = [string, string][]

interface Trial {
  readonly crash: CrashVfs
  readonly harness: TreeHarness
  readonly random: (bound: number) => number
  /** Entries at the last completed checkpoint, and at the one in progress. */
  durable: Entries
  next: Entries | undefined
}

/** Makes a tree with two checkpoints that does not fit its cache. */
function prepare(): Trial {
  const crash = new CrashVfs('/tree.ldb')
  const harness = new TreeHarness({ vfs: crash.vfs, pageBytes: PAGE_BYTES, cachePages: 32 })
  const random = seeded(20_260)
  for (let round = 0; round < 2; round += 1) {
    for (let step = 0; step < 150; step += 1) harness.put(`key-${random(200)}`, 'v'.repeat(random(120)))
    harness.tree.checkpoint()
  }
  return { crash, harness, random, durable: harness.expected(), next: undefined }
}

/** Performs every kind of file operation: writes, reads, deletes, checkpoints and shrinks. */
function workload(run: Trial): void {
  const { harness, random } = run
  for (let round = 0; round < 2; round += 1) {
    for (let step = 0; step < 60; step += 1) {
      const key = `key-${random(200)}`
      const kind = random(12)
      if (kind < 6) harness.put(key, String(step).repeat(random(50)))
      else if (kind < 7) harness.put(`${'long'.repeat(30)}${random(20)}`, 'x'.repeat(random(2000)))
      else if (kind < 9) harness.delete(key)
      else if (kind < 10) harness.deleteRange(key, `${key}9`)
      else if (harness.tree.has(Uint8Array.of(1))) expect.unreachable('no such key')
    }
    const snapshot = harness.tree.snapshot()
    harness.put('between', String(round))
    run.next = harness.expected()
    if (round === 1) harness.tree.compact()
    else harness.tree.checkpoint()
    run.durable = run.next
    run.next = undefined
    expect(entriesOf(snapshot).length).toBeGreaterThan(10)
    snapshot.release()
  }
}

/** Returns the number of operations of a kind in a workload without faults. */
function countOf(operation: FileOperationName): number {
  const run = prepare()
  let count = 0
  run.crash.failing = (each) => {
    if (each === operation) count += 1
    return undefined
  }
  workload(run)
  run.crash.failing = undefined
  expect(findingsOf(run.harness.tree)).toEqual([])
  return count
}

function codeOf(part: () => unknown): string | undefined {
  try {
    part()
    return undefined
  } catch (error) {
    return isLdbError(error) ? error.code : `untyped: ${String(error)}`
  }
}

/** Checks that reads of a failed tree return one consistent state, or a typed error. */
function expectHonestReads(run: Trial, what: string): void {
  const { harness } = run
  const code = codeOf(() => {
    const snapshot = harness.tree.snapshot()
    const keys = entriesOf(snapshot).map(([key]) => key)
    if (keys.length !== snapshot.count() || keys.some((key, index) => index > 0 && keys[index - 1]! >= key)) {
      expect.unreachable(`${what}: reads are wrong`)
    }
  })
  if (code !== undefined && !/^LDB_(POISONED|IO|NO_SPACE)$/.test(code))
    expect.unreachable(`${what}: read gives ${code}`)
}

function expectReopens(run: Trial, what: string): void {
  const { harness, crash, durable, next } = run
  for (const image of [crash.present(), crash.crashImage('none')]) {
    const other = new CrashVfs('/tree.ldb', image)
    const reopened = new TreeHarness({ vfs: other.vfs, pageBytes: PAGE_BYTES, cachePages: 32 })
    const actual = JSON.stringify(reopened.actual())
    if (actual !== JSON.stringify(durable) && actual !== JSON.stringify(next))
      expect.unreachable(`${what}: not a checkpoint`)
    const findings = findingsOf(reopened.tree)
    if (findings.length > 0) expect.unreachable(`${what}: ${JSON.stringify(findings[0])}`)
    reopened.tree.close()
  }
  harness.tree.close()
}

describe.each([
  ['write', 'EIO', 'LDB_IO'],
  ['write', 'ENOSPC', 'LDB_NO_SPACE'],
  ['sync', 'EIO', 'LDB_IO'],
  ['truncate', 'ENOSPC', 'LDB_NO_SPACE'],
] as const)('a failed %s, %s', (operation, errno, code) => {
  test.each(['once', 'permanently'])('%s: is reported, poisons, and loses nothing durable', (duration) => {
    const count = countOf(operation)
    expect(count).toBeGreaterThan(operation === 'truncate' ? 0 : 3)
    for (let index = 1; index <= count; index += 1) {
      const what = `${operation} ${index} of ${count}, ${duration}`
      const run = prepare()
      let seen = 0
      run.crash.failing = (each) => {
        if (each === operation) seen += 1
        const isDue = duration === 'once' ? seen === index : seen >= index
        return each === operation && isDue ? errno : undefined
      }
      const given = codeOf(() => workload(run))
      if (given !== code) expect.unreachable(`${what}: gives ${String(given)}`)
      const { tree } = run.harness
      for (const write of [
        () => run.harness.put('more', 'x'),
        () => tree.checkpoint(),
        () => tree.compact(),
        () => tree.load([], toSeq(10_000)),
      ]) {
        const answer = codeOf(write)
        if (answer !== 'LDB_POISONED') expect.unreachable(`${what}: a later write gives ${String(answer)}`)
      }
      expectHonestReads(run, what)
      run.crash.failing = undefined
      expectHonestReads(run, what)
      expectReopens(run, what)
    }
  })
})

describe('a failed read', () => {
  test('is reported, and durable data stay', () => {
    const count = countOf('read')
    for (let index = 1; index <= count; index += 1 + (index >> 4)) {
      const what = `read ${index} of ${count}`
      const run = prepare()
      let seen = 0
      run.crash.failing = (each) => (each === 'read' && (seen += 1) === index ? 'EIO' : undefined)
      const given = codeOf(() => workload(run))
      if (given !== 'LDB_IO') expect.unreachable(`${what}: gives ${String(given)}`)
      run.crash.failing = undefined
      expectHonestReads(run, what)
      expectReopens(run, what)
    }
  })

  test('of a get changes nothing: the next get succeeds, and so do writes', () => {
    const run = prepare()
    const { tree } = run.harness
    for (const [key, value] of run.durable) {
      run.crash.failing = (each) => (each === 'read' ? 'EIO' : undefined)
      const bytes = Uint8Array.from(key, (character) => character.charCodeAt(0))
      const code = codeOf(() => tree.get(bytes))
      expect([undefined, 'LDB_IO']).toContain(code)
      run.crash.failing = undefined
      expect(tree.get(bytes)).toHaveLength(value.length)
    }
    run.harness.put('after', 'all')
    tree.checkpoint()
    expect(run.harness.actual()).toEqual(run.harness.expected())
    expect(findingsOf(tree)).toEqual([])
  })
})

test('a read whose eviction cannot write poisons the tree', () => {
  const run = prepare()
  const { harness, crash } = run
  for (let index = 0; index < 30; index += 1) harness.put(`key-${index * 6}`, 'w'.repeat(100))
  crash.failing = (each) => (each === 'write' ? 'ENOSPC' : undefined)
  const code = codeOf(() => harness.actual())
  expect(code).toBe('LDB_NO_SPACE')
  crash.failing = undefined
  expect(codeOf(() => harness.put('a', 'b'))).toBe('LDB_POISONED')
  expect(harness.actual()).toEqual(harness.expected())
})

describe('creating a tree', () => {
  test.each(['write', 'sync'] as const)(
    'that fails at a %s leaves no file, and can be repeated',
    (operation) => {
      for (let index = 1; index < 10; index += 1) {
        const crash = new CrashVfs('/tree.ldb')
        let seen = 0
        crash.failing = (each) => (each === operation && (seen += 1) === index ? 'EIO' : undefined)
        const open = (): TreeHarness => new TreeHarness({ vfs: crash.vfs, pageBytes: PAGE_BYTES })
        const code = codeOf(open)
        if (code === undefined) return
        expect(code).toBe('LDB_IO')
        expect(crash.vfs.status('/tree.ldb')).toBeUndefined()
        expect(open().actual()).toEqual([])
      }
      expect.unreachable('creating a tree takes a few operations')
    },
  )
})

test('a bulk load that fails poisons the tree', () => {
  const run = prepare()
  run.harness.deleteRange('', undefined)
  run.harness.tree.checkpoint()
  run.crash.failing = (each) => (each === 'write' ? 'ENOSPC' : undefined)
  const entries = Array.from({ length: 1000 }, (_, index): [Uint8Array, Uint8Array] => [
    Uint8Array.from(String(index).padStart(5, '0'), (character) => character.charCodeAt(0)),
    new Uint8Array(100),
  ])
  expect(codeOf(() => run.harness.tree.load(entries, toSeq(10_000)))).toBe('LDB_NO_SPACE')
  run.crash.failing = undefined
  expect(codeOf(() => run.harness.put('a', 'b'))).toBe('LDB_POISONED')
})
