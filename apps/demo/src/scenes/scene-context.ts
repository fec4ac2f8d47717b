import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { Database } from '@ldb/core'
import type { Checks } from '../output/checks.js'
import type { Screen } from '../output/screen.js'
import { DemoStore } from '../database/demo-store.js'
import type { StoreOptions } from '../database/demo-store.js'

/** Where the demo stores its data. */
export interface ContextOptions {
  /** Folder of the database; `undefined` for a temporary folder that {@link SceneContext.dispose} deletes. */
  readonly dir: string | undefined
  /** Engine of the keyspaces; the database's default when `undefined`. */
  readonly engine: string | undefined
}

/** What every scene plays with. */
export class SceneContext {
  readonly screen: Screen
  readonly checks: Checks
  readonly options: StoreOptions
  /** True when the data stays at the end. */
  readonly isPersistent: boolean
  readonly #temporaryFolder: string | undefined
  readonly #children: Set<() => void> = new Set()
  #store: DemoStore | undefined

  /** @param asked - finds or makes the folder of the database, and opens nothing yet. */
  constructor(asked: ContextOptions, screen: Screen, checks: Checks) {
    this.screen = screen
    this.checks = checks
    this.isPersistent = asked.dir !== undefined
    this.#temporaryFolder = this.isPersistent ? undefined : mkdtempSync(join(tmpdir(), 'ldb-demo-'))
    const dir = resolve(asked.dir ?? join(this.#temporaryFolder ?? '', 'data'))
    mkdirSync(dirname(dir), { recursive: true })
    this.options = { dir, engine: asked.engine }
  }

  /** The open database. */
  get store(): DemoStore {
    if (this.#store === undefined) throw new Error('the database is not open')
    return this.#store
  }

  /** Opens the database. */
  open(): DemoStore {
    this.#store = DemoStore.open(this.options)
    return this.#store
  }

  /** Closes the database, so that somebody else may open it. */
  close(): void {
    this.#store?.close()
    this.#store = undefined
  }

  /** Deletes the database, if there is one. */
  clear(): void {
    if (existsSync(this.options.dir)) Database.destroy(this.options.dir)
  }

  /** Sees to it that a child process does not outlive the demo; gives what ends that care. */
  killAtExit(kill: () => void): () => void {
    this.#children.add(kill)
    return () => this.#children.delete(kill)
  }

  /** Lets events in: a key that was pressed, a terminal that wants to draw. */
  yieldToEvents(): Promise<void> {
    return new Promise((done) => setImmediate(done))
  }

  /** Ends everything: children, database, temporary files. Idempotent, synchronous, and for every way to end. */
  dispose(): void {
    for (const kill of this.#children) kill()
    this.#children.clear()
    try {
      this.close()
    } finally {
      if (this.#temporaryFolder !== undefined) rmSync(this.#temporaryFolder, { recursive: true, force: true })
    }
  }
}
