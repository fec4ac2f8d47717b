// Copies of a database that go on separately, and mixtures of their files.
import { isLdbError } from '@ldb/base'
import type { MemoryVfs } from '@ldb/vfs'
import { expect } from 'vitest'
import { Database } from '../src/database.js'
import type { OpenDatabase } from '../src/open/open-database.js'
import { openDatabase } from '../src/open/opening.js'
import { fileSystemOf, filesOf, FIXTURE_TIME } from './fixture-files.js'
import type { Files } from './fixture-files.js'

export const DIRECTORY = 'data'
const OPTIONS = { cacheBytes: 262_144, pageBytes: 4096 } as const

/** Steps of a copy. */
const STEPS = {
  put: (db, text) => {
    db.put('key', text)
  },
  large: (db, text) => {
    for (let index = 0; index < 40; index++) db.put(`large ${index}`, text.repeat(60), { durability: 'none' })
    db.sync()
  },
  other: (db, text) => {
    db.keyspace('other').put('key', text)
  },
  both: (db, text) => {
    db.batch().put('both', text).in(db.keyspace('other')).put('both', text).commit()
  },
  create: (db, text) => {
    db.keyspace(`made by ${text}`).put('key', text)
  },
  createEmpty: (db, text) => {
    db.keyspace(`empty of ${text}`)
  },
  drop: (db) => {
    if (db.keyspaces().some(({ name }) => name === 'third')) db.dropKeyspace('third')
  },
  ttl: (db, text) => {
    db.keyspace('other', { ttlMs: 1e9 + text.length * 1000 + (text.codePointAt(0) ?? 0) })
  },
  expiring: (db, text) => {
    db.put('short', text, { ttlMs: 1e9 })
  },
  checkpoint: (db) => {
    db.checkpoint()
  },
  compact: (db) => {
    db.compact()
  },
} as const satisfies Record<string, (db: Database, text: string) => void>

export type Step = keyof typeof STEPS | 'reopen' | 'crash'
export const STEP_NAMES = [...Object.keys(STEPS), 'reopen', 'crash'] as Step[]
export type End = 'close' | 'kill'
/** How the copy is made: after a clean close, after a kill, or of a live database, whose process goes on as the first copy. */
export type Origin = End | 'live'

/** Opens or creates the database in a file system. */
export function openParts(vfs: MemoryVfs): OpenDatabase {
  return openDatabase(DIRECTORY, { ...OPTIONS, vfs }, { preallocateBytes: 0, closeLogBytes: -1 })
}

function openIn(vfs: MemoryVfs): Database {
  return new Database(openParts(vfs))
}

/** Returns what a killed process leaves. */
export function filesIn(vfs: MemoryVfs): Map<string, Uint8Array> {
  const files = filesOf(vfs, DIRECTORY)
  files.delete('LOCK')
  return files
}

/** Returns a text that is different for different contents. */
function stateOf(db: Database): string {
  return JSON.stringify(
    db.keyspaces().map(({ name, ttlMs = 0, expires = false }) => {
      const entries = db.keyspace(name).entries().toArray()
      return { name, ttlMs, expires, entries }
    }),
  )
}

/** One copy of the database, as its process sees it. */
export class Copy {
  #vfs: MemoryVfs
  #db: Database
  readonly #name: string
  #count = 0

  constructor(vfs: MemoryVfs, db: Database, name: string) {
    this.#vfs = vfs
    this.#db = db
    this.#name = name
  }

  static of(files: Files, name: string, seed: number): Copy {
    const vfs = fileSystemOf(files, DIRECTORY, FIXTURE_TIME, seed)
    return new Copy(vfs, openIn(vfs), name)
  }

  get files(): Files {
    return filesIn(this.#vfs)
  }

  run(steps: readonly Step[]): void {
    for (const step of steps) {
      this.#count++
      if (step === 'reopen') {
        this.#db.close()
        this.#db = openIn(this.#vfs)
      } else if (step === 'crash') {
        const left = fileSystemOf(this.files, DIRECTORY, FIXTURE_TIME, this.#count + 1000 * this.#name.length)
        this.#db.close()
        this.#vfs = left
        this.#db = openIn(left)
      } else STEPS[step](this.#db, `${this.#name} ${this.#count}`)
    }
  }

  end(end: End): Fork {
    const state = stateOf(this.#db)
    const { files: left } = this
    this.#db.close()
    return { files: end === 'close' ? this.files : left, state }
  }
}

/** A copy at its end. */
export interface Fork {
  readonly files: Files
  /** What was acknowledged. */
  readonly state: string
}

/** Two copies of a database after they have gone on. */
export interface Forks {
  readonly left: Fork
  readonly right: Fork
}

export function makeForks(
  base: readonly Step[],
  origin: Origin,
  [leftSteps, leftEnd]: readonly [readonly Step[], End],
  [rightSteps, rightEnd]: readonly [readonly Step[], End],
): Forks {
  const vfs = fileSystemOf(new Map(), DIRECTORY, FIXTURE_TIME, 1)
  const original = new Copy(vfs, openIn(vfs), 'base')
  original.run(['put', 'both', ...base])
  const files = origin === 'live' ? original.files : original.end(origin).files
  const left = origin === 'live' ? original : Copy.of(files, 'left', 2)
  const right = Copy.of(files, 'right!', 3)
  left.run(leftSteps)
  right.run(rightSteps)
  return { left: left.end(leftEnd), right: right.end(rightEnd) }
}

const LOG_PARTS = ['whole log', 'newest segment', 'all segments'] as const

/** Names of the parts that can be replaced. */
export function partsOf({ left, right }: Forks): string[] {
  const paths = new Set([...left.files.keys(), ...right.files.keys()])
  return ['CATALOG', ...LOG_PARTS, ...[...paths].filter((path) => path.startsWith('keyspaces/'))]
}

/** Returns the files of `target` with some parts of `source`. */
export function mix(target: Files, source: Files, parts: readonly string[]): Map<string, Uint8Array> {
  const mixed = new Map(target)
  const segments = [...source.keys()].filter((path) => path.startsWith('wal/')).sort()
  for (const part of parts) {
    if (part === 'whole log') {
      for (const path of target.keys()) if (path.startsWith('wal/')) mixed.delete(path)
    }
    const paths =
      part === 'newest segment'
        ? segments.slice(-1)
        : part === 'whole log' || part === 'all segments'
          ? segments
          : [part]
    for (const path of paths) {
      const bytes = source.get(path)
      if (bytes === undefined) mixed.delete(path)
      else mixed.set(path, bytes)
    }
  }
  return mixed
}

/** Opens files, and returns the state, or the refusal. */
export function openMixed(files: Files): { state: string } | { code: string; file: string } {
  const report = isolated(() => Database.verify(DIRECTORY, { vfs: fileSystemOf(files, DIRECTORY) }))
  const vfs = fileSystemOf(files, DIRECTORY, FIXTURE_TIME, 77)
  const opened = isolated(() => openIn(vfs))
  if ('error' in opened) {
    const refusal = opened.error
    if ('error' in report) expect(report.error.code).toBe(refusal.code)
    else expect(report.value.ok).toBe(false)
    return { code: refusal.code, file: refusal.details.file ?? '' }
  }
  const db = opened.value
  expect(report).toMatchObject({ value: { ok: true } })
  const state = stateOf(db)
  expect(db.verify().findings).toEqual([])
  db.close()
  return { state }
}

function isolated<T>(call: () => T): { value: T } | { error: { code: string; details: { file?: string } } } {
  try {
    return { value: call() }
  } catch (error) {
    if (!isLdbError(error)) throw error
    return { error }
  }
}

/**
 * Checks that a mixture is refused, or is one of the two copies.
 *
 * @returns the file that the refusal names; `undefined` when it opens.
 */
export function check(forks: Forks, isReversed: boolean, parts: readonly string[]): string | undefined {
  const [target, source] = isReversed ? [forks.right, forks.left] : [forks.left, forks.right]
  const found = openMixed(mix(target.files, source.files, parts))
  if ('state' in found) {
    expect([target.state, source.state], parts.join(' ')).toContain(found.state)
    return undefined
  }
  expect(found.code).toBe('LDB_CORRUPTION')
  expect(found.file.startsWith(`${DIRECTORY}/`), found.file).toBe(true)
  return found.file.slice(DIRECTORY.length + 1)
}
