// Strategy: `Object.prototype` gets a member of every name that the sources use in interfaces: options, bounds, records, optional
// methods. The whole synchronous API is used meanwhile, in one synchronous call, so that the test runner sees nothing of it.
// Invariants: every result and the contents of the database afterwards are as without the member.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MemoryVfs } from '@ldb/vfs'
import { describe, expect, it } from 'vitest'
import { sourceNames } from './polluted-names.js'
import { contentsOf, useDatabase } from './polluted-scenario.js'
import type { DatabasePlace } from './polluted-scenario.js'

const THROWING = Symbol('a getter that throws')
const VALUES: readonly unknown[] = [1, true, 'x', -1, {}, (): number => 1, THROWING]
const { optional, required } = sourceNames()
/** Names that Node itself reads from `Object.prototype` in its own operations, or assigns to objects that inherit from it. */
const NODE = new Set(['errno', 'code', 'files', 'keepAlive', 'mode', 'type', 'workers'])
const onDisk = optional.filter((name) => !NODE.has(name))

/** Runs a synchronous action while `Object.prototype` has members. */
function polluted<T>(names: readonly string[], value: unknown, action: () => T): T {
  const prototype = Object.prototype as unknown as Record<string, unknown>
  for (const name of names) {
    const getter = (): never => {
      throw new TypeError(`${name} was read from Object.prototype`)
    }
    const member = value === THROWING ? { get: getter } : { value, writable: true, enumerable: true }
    Object.defineProperty(prototype, name, Object.assign(Object.create(null), member, { configurable: true }))
  }
  try {
    return action()
  } finally {
    for (const name of names) delete prototype[name]
  }
}

type Pollute = <T>(action: () => T) => T

interface Outcome {
  readonly results: string
  readonly contents: string
}

/** Runs the scenario on a file system: `undefined` for that of Node. */
function inFiles(run: Pollute, vfs: MemoryVfs | undefined): Outcome {
  const folder = vfs === undefined ? mkdtempSync(join(tmpdir(), 'ldb-polluted-')) : ''
  const place: DatabasePlace = { vfs, path: join(folder, 'data') }
  try {
    const results = run(() => useDatabase(place))
    return { results, contents: contentsOf(place) }
  } finally {
    if (folder !== '') rmSync(folder, { recursive: true })
  }
}

/**
 * Returns the names with which the outcome of a run changes, each with what changed: by bisection, since members of all names at once
 * seldom change anything.
 */
function faultsOf(names: readonly string[], value: unknown, run: (pollute: Pollute) => unknown): string[] {
  const expected = JSON.stringify(run((action) => action()))
  const faultsAmong = (some: readonly string[]): string[] => {
    const actual = outcomeOf(run, (action) => polluted(some, value, action))
    if (actual === expected) return []
    if (some.length === 1) return [`${String(some[0])}, ${String(value)}: ${actual}`]
    const half = some.length >> 1
    const faults = [...faultsAmong(some.slice(0, half)), ...faultsAmong(some.slice(half))]
    return faults.length > 0 ? faults : [`${some.join(' ')}, ${String(value)}: ${actual}`]
  }
  return faultsAmong(names)
}

function outcomeOf(run: (pollute: Pollute) => unknown, pollute: Pollute): string {
  try {
    return JSON.stringify(run(pollute))
  } catch (error) {
    return error instanceof Error ? String(error.stack) : String(error)
  }
}

describe('members of Object.prototype change nothing', () => {
  it('are tested with the names of all options', () => {
    const known = ['ttlMs', 'prefix', 'gte', 'engine', 'create', 'readOnly', 'durability', 'expires', 'lower']
    expect(optional).toEqual(expect.arrayContaining([...known, 'absolutePath', 'encodeInto', 'isSorted']))
    expect(required).toEqual(expect.arrayContaining(['pid', 'createdSeq', 'order', 'call']))
  })

  it.each(VALUES)('of a database in files: %s', (value) => {
    expect(faultsOf(optional, value, (run) => inFiles(run, new MemoryVfs()))).toEqual([])
  })

  it.each(VALUES)('of a memory-only database: %s', (value) => {
    expect(faultsOf(optional, value, (run) => run(() => useDatabase(undefined)))).toEqual([])
  })

  it.each(VALUES)('of a database on a disk: %s', (value) => {
    expect(faultsOf(onDisk, value, (run) => inFiles(run, undefined))).toEqual([])
  })

  it.each(['x', THROWING])('with names of members that are never absent: %s', (value) => {
    expect(faultsOf(required, value, (run) => inFiles(run, new MemoryVfs()))).toEqual([])
  })
})
