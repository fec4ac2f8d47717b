import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { Database } from '@ldb/core'
import type { Checks } from '../output/checks.js'
import type { Screen } from '../output/screen.js'
import { DemoStore } from '../database/demo-store.js'
import type { StoreOptions } from '../database/demo-store.js'

/** Where the database is, and its engine. */
export interface ContextOptions {
  /** Folder of the database; `undefined` for a temporary folder that {@link SceneContext.dispose} deletes. */
  readonly dir: string | undefined
  /** Engine of the keyspaces; the database's default when `undefined`. */
  readonly engine: string | undefined
}

/** The screen, the checks and the database of all scenes. */
export class SceneContext {
  readonly screen: Screen
  readonly checks: Checks
  readonly options: StoreOptions
  /** Whether the database remains at the end. */
  readonly isPersistent: boolean
  readonly #temporaryFolder: string | undefined
  readonly #children: Set<() => void> = new Set()
  #store: DemoStore | undefined

  /** @param options - determines the folder of the database, which is created but not opened. */
  constructor(options: ContextOptions, screen: Screen, checks: Checks) {
    this.screen = screen
    this.checks = checks
    this.isPersistent = options.dir !== undefined
    this.#temporaryFolder = this.isPersistent ? undefined : mkdtempSync(join(tmpdir(), 'ldb-demo-'))
    const dir = resolve(options.dir ?? join(this.#temporaryFolder ?? '', 'data'))
    mkdirSync(dirname(dir), { recursive: true })
    this.options = { dir, engine: options.engine }
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

  /** Closes the database, so that another process can open it. */
  close(): void {
    this.#store?.close()
    this.#store = undefined
  }

  /** Deletes the database, if there is one. */
  clear(): void {
    if (existsSync(this.options.dir)) Database.destroy(this.options.dir)
  }

  /** Registers a child process to be killed at exit. Returns a function that unregisters it. */
  killAtExit(kill: () => void): () => void {
    this.#children.add(kill)
    return () => this.#children.delete(kill)
  }

  /** Lets other work on the event loop run: signals, terminal output. */
  yieldToEvents(): Promise<void> {
    return new Promise((done) => setImmediate(done))
  }

  /**
   * Kills children, closes the database and deletes temporary files. Idempotent and synchronous, because it also runs
   * at exit.
   */
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
