import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { Database } from '@ldb/core'
import type { Arguments } from './arguments.js'
import type { Checks } from './checks.js'
import type { Screen } from './screen.js'
import { World } from './world.js'
import type { WorldOptions } from './world.js'

/** What every scene plays with. */
export class Stage {
  readonly screen: Screen
  readonly checks: Checks
  readonly options: WorldOptions
  /** True when the data stays at the end. */
  readonly kept: boolean
  readonly #temporaryFolder: string | undefined
  readonly #children: Set<() => void> = new Set()
  #world: World | undefined

  /** @param asked - finds or makes the folder of the database, and opens nothing yet. */
  constructor(asked: Pick<Arguments, 'dir' | 'engine'>, screen: Screen, checks: Checks) {
    this.screen = screen
    this.checks = checks
    this.kept = asked.dir !== undefined
    this.#temporaryFolder = this.kept ? undefined : mkdtempSync(join(tmpdir(), 'ldb-demo-'))
    const dir = resolve(asked.dir ?? join(this.#temporaryFolder ?? '', 'data'))
    mkdirSync(dirname(dir), { recursive: true })
    this.options = { dir, engine: asked.engine }
  }

  /** The open database. */
  get world(): World {
    if (this.#world === undefined) throw new Error('the database is not open')
    return this.#world
  }

  /** Opens the database. */
  open(): World {
    this.#world = World.open(this.options)
    return this.#world
  }

  /** Closes the database, so that somebody else may open it. */
  close(): void {
    this.#world?.close()
    this.#world = undefined
  }

  /** Deletes the database, if there is one. */
  clear(): void {
    if (existsSync(this.options.dir)) Database.destroy(this.options.dir)
  }

  /** Sees to it that a child process does not outlive the demo; gives what ends that care. */
  guard(kill: () => void): () => void {
    this.#children.add(kill)
    return () => this.#children.delete(kill)
  }

  /** Lets events in: a key that was pressed, a terminal that wants to draw. */
  breathe(): Promise<void> {
    return new Promise((done) => setImmediate(done))
  }

  /** Ends everything: children, database, temporary files. Idempotent, synchronous, and for every way to end. */
  leave(): void {
    for (const kill of this.#children) kill()
    this.#children.clear()
    try {
      this.close()
    } finally {
      if (this.#temporaryFolder !== undefined) rmSync(this.#temporaryFolder, { recursive: true, force: true })
    }
  }
}
