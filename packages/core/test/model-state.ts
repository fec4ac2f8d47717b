import fc from 'fast-check'
import { expect } from 'vitest'
import { Database } from '../src/database.js'
import type { Durability } from '../src/health/options.js'
import type { DatabaseTuning } from '../src/open/tuning.js'
import type { Keyspace } from '../src/write/keyspace.js'
import type { KeyspaceReads } from '../src/read/keyspace-reads.js'
import { openDatabase } from '../src/open/opening.js'
import type { Scan } from '../src/read/scan.js'
import type { Snapshot } from '../src/write/snapshot.js'
import type { Vfs } from '@ldb/vfs'
import { ModelMap, toByteRange, toText } from './model.js'
import type { Text, TextRange } from './model.js'

export const NAMES = ['one', 'two'] as const
export type Name = (typeof NAMES)[number]
type Bytes = Uint8Array

/** The expected state. */
export interface Model {
  maps: Record<Name, ModelMap>
  snapshots: Record<Name, ModelMap>[]
  scans: [Text, Text][][]
}

/** The database under test. */
export class System {
  vfs: Vfs
  readonly tuning: Partial<DatabaseTuning>
  readonly durability: Durability
  snapshots: Snapshot[] = []
  scans: Scan<[Bytes, Bytes]>[] = []
  db: Database

  constructor(vfs: Vfs, durability: Durability, tuning: Partial<DatabaseTuning>) {
    this.vfs = vfs
    this.durability = durability
    this.tuning = tuning
    this.db = this.open()
  }

  open(): Database {
    const { vfs, durability } = this
    const cacheBytes = Math.max(65_536, 40 * (this.tuning.pageBytes ?? 8192))
    return new Database(openDatabase('data', { vfs, durability, cacheBytes }, this.tuning))
  }

  keyspace(name: Name): Keyspace<Bytes, Bytes> {
    return this.db.keyspace(name, { keys: 'binary', values: 'binary' })
  }
}

export function newModel(): Model {
  return { maps: { one: new ModelMap(), two: new ModelMap() }, snapshots: [], scans: [] }
}

type Command = fc.Command<Model, System>

/** A command of two functions. A failure prints its name and arguments. */
export class ModelCommand implements Command {
  readonly #label: string
  readonly #run: (model: Model, real: System) => void

  constructor(label: string, run: (model: Model, real: System) => void) {
    this.#label = label
    this.#run = run
  }

  check(): boolean {
    return true
  }

  run(model: Model, real: System): void {
    this.#run(model, real)
  }

  toString(): string {
    return this.#label
  }
}

export function shown(...parts: unknown[]): string {
  return parts.map((part) => JSON.stringify(part)?.slice(0, 60)).join(' ')
}

export const names = fc.constantFrom(...NAMES)

export function compareReads(map: ModelMap, reads: KeyspaceReads<Bytes, Bytes>, range: TextRange): void {
  const expected = map.scan(range)
  const byteRange = toByteRange(range)
  expect(
    reads
      .entries(byteRange)
      .map(([key, value]) => [toText(key), toText(value)])
      .toArray(),
  ).toEqual(expected)
  expect(reads.keys(byteRange).map(toText).toArray()).toEqual(expected.map(([key]) => key))
  expect(reads.values(byteRange).map(toText).toArray()).toEqual(expected.map(([, value]) => value))
  expect(reads.count(byteRange)).toBe(expected.length)
  expect(reads.estimate(byteRange).count).toBeGreaterThanOrEqual(0)
}

export function compareAll(model: Model, real: System): void {
  for (const name of NAMES) compareReads(model.maps[name], real.keyspace(name), {})
}
